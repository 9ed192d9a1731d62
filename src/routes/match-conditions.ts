import type { MatchRequest } from './match-request.ts';
import type { RouteMatch, ValueMatch } from './route-table.ts';

/** Whether a route asks for more than a path. */
export function hasConditions(match: RouteMatch): boolean {
  return match.methods.length > 0 || match.headers.length > 0 || match.query.length > 0;
}

/** Whether method, headers and query of a request are what the route asks for. The path is the index's business. */
export function conditionsHold(match: RouteMatch, request: MatchRequest): boolean {
  return (
    methodHolds(match.methods, request.method) && headersHold(match.headers, request.headers) && queryHolds(match.query, request.query)
  );
}

function methodHolds(methods: readonly string[], method: string): boolean {
  return methods.length === 0 || methods.includes(method);
}

/** Of a header sent on several lines any one line may have the value. */
function headersHold(wanted: readonly ValueMatch[], headers: readonly string[]): boolean {
  for (const match of wanted) if (!hasHeader(headers, match)) return false;
  return true;
}

function hasHeader(headers: readonly string[], match: ValueMatch): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] === match.name && headers[index + 1] === match.value) return true;
  }
  return false;
}

/** Of a parameter sent several times the first one counts. */
function queryHolds(wanted: readonly ValueMatch[], query: string): boolean {
  for (const match of wanted) if (firstParameter(query, match.name) !== match.value) return false;
  return true;
}

/** The decoded value of the first parameter called `name`; a parameter without `=` has the value ''. */
function firstParameter(query: string, name: string): string | undefined {
  let start = 0;
  while (start < query.length) {
    let end = query.indexOf('&', start);
    if (end === -1) end = query.length;
    const equals = query.indexOf('=', start);
    const nameEnd = equals === -1 || equals > end ? end : equals;
    if (nameEnd > start && decodeForm(query.slice(start, nameEnd)) === name)
      return decodeForm(query.slice(Math.min(nameEnd + 1, end), end));
    start = end + 1;
  }
  return undefined;
}

/** Form decoding; what is not valid percent-encoded UTF-8 is compared as it was sent. */
function decodeForm(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return text;
  }
}
