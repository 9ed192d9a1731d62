import { compilePattern } from './compile-pattern.ts';
import type { LinearRegex } from './linear-regex.ts';
import type { MatchRequest } from './match-request.ts';
import type { Route, ValueMatch } from './route-table.ts';

/** What a route asks for beside a path: method, headers and query. */
export class MatchConditions {
  readonly #methods: readonly string[];
  readonly #headers: readonly CompiledValue[];
  readonly #query: readonly CompiledValue[];

  private constructor({ key, match }: Route) {
    this.#methods = match.methods;
    this.#headers = match.headers.map((header) => compileValue(header, key));
    this.#query = match.query.map((parameter) => compileValue(parameter, key));
  }

  /** undefined: nothing but a path is asked for. */
  static compile(route: Route): MatchConditions | undefined {
    const { methods, headers, query } = route.match;
    return methods.length + headers.length + query.length === 0 ? undefined : new MatchConditions(route);
  }

  /** Whether a request is what the route asks for. The path is the index's business. */
  hold(request: MatchRequest): boolean {
    const { method, headers, query } = request;
    if (this.#methods.length > 0 && !this.#methods.includes(method)) return false;
    for (const wanted of this.#headers) if (!headerHolds(headers, wanted)) return false;
    for (const wanted of this.#query) if (!valueHolds(firstParameter(query, wanted.name), wanted)) return false;
    return true;
  }
}

interface CompiledValue extends ValueMatch {
  readonly regex: LinearRegex | undefined;
}

function compileValue({ name, kind, value }: ValueMatch, routeKey: string): CompiledValue {
  return { name, kind, value, regex: kind === 'regex' ? compilePattern(value, routeKey) : undefined };
}

/** Of a header sent on several lines any one line may have the value. */
function headerHolds(headers: readonly string[], wanted: CompiledValue): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] !== wanted.name) continue;
    if (wanted.kind === 'absent') return false;
    if (valueHolds(headers[index + 1], wanted)) return true;
  }
  return wanted.kind === 'absent';
}

/** @param value undefined: there is none */
function valueHolds(value: string | undefined, wanted: CompiledValue): boolean {
  if (value === undefined) return wanted.kind === 'absent';
  switch (wanted.kind) {
    case 'exact':
      return value === wanted.value;
    case 'prefix':
      return value.startsWith(wanted.value);
    case 'regex':
      return wanted.regex?.matches(value) === true;
    case 'present':
      return true;
    case 'absent':
      return false;
  }
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
