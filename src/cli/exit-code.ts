/** What the program's exit status says. */
export const exitCodes = {
  ok: { code: 0, meaning: 'it did what was asked' },
  failure: { code: 1, meaning: 'it could not, and said why on standard error' },
  usage: { code: 2, meaning: 'a flag, environment variable or command is unknown or has a bad value' },
} as const;
