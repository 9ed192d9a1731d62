/** What the program's exit status says. */
export const exitCodes = {
  ok: { code: 0, meaning: 'it did what was asked' },
  failure: { code: 1, meaning: 'it could not, and said why on standard error' },
  usage: { code: 2, meaning: 'a flag, environment variable or command is unknown or has a bad value' },
  findings: {
    code: 3,
    meaning:
      'it did, and found something to look at: explain no match, lint a finding, diff a difference, certs, status or problems something wrong, a list nothing to show',
  },
  unreachable: { code: 4, meaning: 'no running program answers at the admin address' },
} as const;
