import { isListed } from './client-access.ts';
import { compilePattern, UnusablePattern } from './compile-pattern.ts';
import type { LinearRegex } from './linear-regex.ts';
import type { MatchRequest } from './match-request.ts';
import type { ClientCertificateRule, Policy } from './policy.ts';
import { firstParameter } from './query-parameter.ts';
import type { Route, ValueMatch } from './route.ts';
import { isToldField } from './told-fields.ts';

/** Something that a route asks for beside a path, and that a request does not have. `namespace`: those that its listener is kept for. */
export type FailedCondition =
  | { readonly kind: 'listener' | 'namespace' | 'client' | 'method'; readonly wanted: readonly string[] }
  | { readonly kind: 'header' | 'query'; readonly wanted: ValueMatch };

/** What of a policy has a say in which requests its route gets. */
type AskingPolicy = Pick<Policy, 'clientCertificate' | 'cors'>;

/** What a route asks for beside a path: listener, client, method, headers and query. */
export class MatchConditions {
  readonly #listeners: readonly string[] | undefined;
  readonly #clients: readonly string[] | undefined;
  readonly #methods: readonly string[];
  readonly #headers: readonly CompiledHeader[];
  readonly #query: readonly CompiledValue[];
  readonly #certificate: ClientCertificateRule | undefined;
  /** Preflights are answered here. */
  readonly #hasCors: boolean;

  private constructor({ key, match }: Route, { clientCertificate, cors }: AskingPolicy) {
    this.#listeners = match.listeners;
    this.#clients = match.clients;
    this.#methods = match.methods;
    this.#headers = match.headers.map((header) => compileHeader(header, key, clientCertificate));
    this.#query = match.query.map((parameter) => compileValue(parameter, key));
    this.#certificate = clientCertificate;
    this.#hasCors = cors !== undefined;
  }

  /** undefined: nothing but a path is asked for. @param policy of the route */
  static compile(route: Route, policy: AskingPolicy): MatchConditions | undefined {
    const { listeners, clients, methods, headers, query } = route.match;
    const isPathAlone = listeners === undefined && clients === undefined && methods.length + headers.length + query.length === 0;
    return isPathAlone ? undefined : new MatchConditions(route, policy);
  }

  /**
   * Whether a request is what the route asks for; undefined: to find out would cost too much. The path is the index's business.
   * @param failed gets all that does not hold (`explain`); undefined: the first of it decides, which is all that a request costs
   */
  hold(request: MatchRequest, failed?: FailedCondition[]): boolean | undefined {
    const { method, headers, query } = request;
    let answer: boolean | undefined = true;
    if (this.#listeners !== undefined && !this.#listeners.includes(request.listener)) {
      if (failed === undefined) return false;
      failed.push({ kind: 'listener', wanted: this.#listeners });
      answer = false;
    }
    if (this.#clients !== undefined && !isListed(this.#clients, request.client)) {
      if (failed === undefined) return false;
      failed.push({ kind: 'client', wanted: this.#clients });
      answer = false;
    }
    if (
      this.#methods.length > 0 &&
      !this.#methods.includes(method) &&
      !(this.#hasCors && this.#methods.includes(preflightMethod(request)))
    ) {
      if (failed === undefined) return false;
      failed.push({ kind: 'method', wanted: this.#methods });
      answer = false;
    }
    for (const wanted of this.#headers) {
      const holds = wanted.isTold ? valueHolds(request.told(wanted.name, this.#certificate), wanted) : headerHolds(headers, wanted);
      if (holds === true) continue;
      if (holds === false) {
        if (failed === undefined) return false;
        failed.push({ kind: 'header', wanted });
        answer = false;
      } else if (answer === true) answer = undefined;
    }
    for (const wanted of this.#query) {
      const holds = valueHolds(firstParameter(query, wanted.name), wanted);
      if (holds === true) continue;
      if (holds === false) {
        if (failed === undefined) return false;
        failed.push({ kind: 'query', wanted });
        answer = false;
      } else if (answer === true) answer = undefined;
    }
    return answer;
  }
}

/** What a browser asks to do with a preflight (Fetch standard, section 3.2.2); '': the request is none. */
function preflightMethod({ method, headers }: MatchRequest): string {
  if (method !== 'OPTIONS') return '';
  let asked = '';
  let hasOrigin = false;
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] === 'access-control-request-method') asked = headers[index + 1] ?? '';
    else if (headers[index] === 'origin') hasOrigin = true;
  }
  return hasOrigin ? asked : '';
}

interface CompiledValue extends ValueMatch {
  readonly pattern: LinearRegex | UnusablePattern | undefined;
}

interface CompiledHeader extends CompiledValue {
  /** See `isToldField`. */
  readonly isTold: boolean;
}

/** Names of protocols have no letter case (RFC 9110 section 7.8), and requests have them in lower case here. */
function compileHeader(header: ValueMatch, routeKey: string, certificate: ClientCertificateRule | undefined): CompiledHeader {
  const { name, kind, value } = header;
  const isProtocol = name === 'upgrade' && (kind === 'exact' || kind === 'prefix');
  return {
    ...compileValue({ name, kind, value: isProtocol ? value.toLowerCase() : value }, routeKey),
    isTold: isToldField(name, certificate),
  };
}

function compileValue({ name, kind, value }: ValueMatch, routeKey: string): CompiledValue {
  return { name, kind, value, pattern: patternOf(kind, value, routeKey) };
}

function patternOf(kind: ValueMatch['kind'], value: string, routeKey: string): CompiledValue['pattern'] {
  if (kind === 'unusable-regex') return new UnusablePattern(value);
  return kind === 'regex' ? compilePattern(value, routeKey) : undefined;
}

/** Of a header sent on several lines any one line may have the value. */
function headerHolds(headers: readonly string[], wanted: CompiledValue): boolean | undefined {
  let answer: false | undefined = false;
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] !== wanted.name) continue;
    if (wanted.kind === 'absent') return false;
    const holds = valueHolds(headers[index + 1], wanted);
    if (holds === true) return true;
    if (holds === undefined) answer = undefined;
  }
  return wanted.kind === 'absent' ? true : answer;
}

/** @param value undefined: there is none */
function valueHolds(value: string | undefined, wanted: CompiledValue): boolean | undefined {
  if (value === undefined) return wanted.kind === 'absent';
  switch (wanted.kind) {
    case 'exact':
      return value === wanted.value;
    case 'prefix':
      return value.startsWith(wanted.value);
    case 'regex':
    case 'unusable-regex':
      return wanted.pattern?.matches(value);
    case 'present':
      return true;
    case 'absent':
      return false;
  }
}
