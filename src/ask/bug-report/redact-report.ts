const redacted = '[redacted]';

/** Gives each client a name that stands for its address, the same throughout a report. */
class Pseudonyms {
  readonly #names = new Map<string, string>();

  of(address: string): string {
    const known = this.#names.get(address);
    if (known !== undefined) return known;
    const name = `client-${this.#names.size + 1}`;
    this.#names.set(address, name);
    return name;
  }
}

/** Texts that look like credentials, wherever they stand. */
const credentials: readonly (readonly [pattern: RegExp, shown: string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, redacted],
  [/\b(Bearer|Basic|Digest|Negotiate) +[\w.~+/=-]+/gi, `$1 ${redacted}`],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, redacted],
  [/(:\/\/)[^\s/@"']+@/g, `$1${redacted}@`],
  [/(\?)[^\s"'<>]*=[^\s"'<>]*/g, `$1${redacted}`],
];

/**
 * What a program says of itself, fit to be given to strangers. Values of headers, queries, claims and cookies that objects name are left out,
 * and so are texts of answers, answers to ACME challenges, users, and whatever looks like a credential; clients have names in place of addresses.
 * What a program shows has no key of a Secret to begin with. Pure.
 */
export function redactReport(report: unknown): unknown {
  return redactValue(report, [], new Pseudonyms());
}

/** @param path names of the fields that lead there */
function redactValue(value: unknown, path: readonly string[], clients: Pseudonyms): unknown {
  if (typeof value === 'string') return redactText(value, path, clients);
  if (Array.isArray(value)) return redactList(value, path, clients);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [redactCredentials(name), redactValue(inner, [...path, name], clients)]),
  );
}

function redactText(text: string, path: readonly string[], clients: Pseudonyms): string {
  const name = path.at(-1) ?? '';
  switch (name) {
    case 'remoteAddress':
      return clients.of(text);
    case 'keyAuthorization':
    case 'user':
    case 'users':
      return redacted;
    case 'body':
    case 'text':
      return path.includes('metrics') ? redactCredentials(text) : `[${text.length} characters]`;
    case 'match':
      // What a request has to have beside its path may be a token.
      return redactCredentials(text.replace(/, (?:header|query) .*$/s, ', ...'));
    case 'value':
      return path.some((field) => field === 'headers' || field === 'query') ? redacted : redactCredentials(text);
    default:
      return redactCredentials(text);
  }
}

const flatFields: ReadonlySet<string> = new Set(['headers', 'set', 'add']);

/** Fields of headers are flat: name, value, name, value. */
function redactList(list: readonly unknown[], path: readonly string[], clients: Pseudonyms): readonly unknown[] {
  const name = path.at(-1) ?? '';
  const isTexts = list.every((item) => typeof item === 'string');
  if (isTexts && flatFields.has(name)) return list.map((item, index) => (index % 2 === 0 ? item : redacted));
  if (isTexts && name === 'values' && path.includes('requiredClaims')) return list.map(() => redacted);
  return list.map((item) => redactValue(item, path, clients));
}

function redactCredentials(text: string): string {
  return credentials.reduce((shown, [pattern, substitute]) => shown.replace(pattern, substitute), text);
}
