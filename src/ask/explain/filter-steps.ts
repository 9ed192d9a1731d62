import { errorTable } from '../../networkproxy/error-table.ts';
import type { FilterRequest } from '../../networkproxy/filters/filter-request.ts';
import { edgeFilters, type FilterNeeds, filtersOf } from '../../networkproxy/filters/filter-table.ts';
import { Later } from '../../networkproxy/filters/later.ts';
import type { LocalReply } from '../../networkproxy/local-reply.ts';
import type { CompiledRoute } from '../../routes/compiled-table.ts';
import type { ActiveLimit, Policy, RateLimit } from '../../routes/policy.ts';
import type { AnswerStep, FilterStep } from './explanation.ts';

/** What filters do with a request. */
export interface FilterSteps {
  readonly steps: readonly FilterStep[];
  /** Of the filter that answers in place of a backend; undefined: none is known to. */
  readonly answer: AnswerStep | undefined;
}

interface Asked {
  readonly name: string;
  readonly needs: FilterNeeds;
  readonly check: () => LocalReply | Later | undefined;
}

/** Those that run before a route is looked for. */
export function edgeSteps(request: FilterRequest, knowsClient: boolean): FilterSteps {
  const asked = edgeFilters.map((filter) => ({ ...filter, check: () => filter.check(request) }));
  // What a worker has left to spend is nothing that a request could be explained by.
  return ask(
    asked.filter(({ name }) => name !== 'overload'),
    knowsClient,
    () => '',
  );
}

/** Those of a route, asked themselves wherever they decide by request and policy alone. */
export function routeSteps(request: FilterRequest, route: CompiledRoute, knowsClient: boolean): FilterSteps {
  const asked = filtersOf(route).map((filter) => ({ ...filter, check: () => filter.check(request, route) }));
  return ask(asked, knowsClient, (name) => demandOf(name, route.policy));
}

function ask(filters: readonly Asked[], knowsClient: boolean, demand: (name: string) => string): FilterSteps {
  const steps: FilterStep[] = [];
  let answer: AnswerStep | undefined;
  for (const { name, needs, check } of filters) {
    if (answer !== undefined) {
      steps.push({ name, verdict: 'not-reached', says: '' });
    } else if (needs === 'worker' || (needs === 'client' && !knowsClient)) {
      const missing = needs === 'client' ? 'on the address of the client: say --client' : demand(name);
      steps.push({ name, verdict: 'depends', says: missing });
    } else {
      const reply = check();
      if (reply === undefined || reply instanceof Later) {
        steps.push({ name, verdict: 'passes', says: '' });
      } else {
        answer = answerOf(reply);
        steps.push({ name, verdict: 'answers', says: answerText(answer) });
      }
    }
  }
  return { steps, answer };
}

/** A reply as far as it may be shown: neither body nor headers, which may hold what an object keeps to itself. */
export function answerOf({ flag, status, headers, detail }: Pick<LocalReply, 'flag' | 'status' | 'headers' | 'detail'>): AnswerStep {
  const at = headers.indexOf('location');
  return { status, flag, location: at < 0 ? undefined : headers[at + 1], detail };
}

/** `403 ip_blocked: ...`: an answer with its flag, and its text or location. */
export function answerText({ status, flag, location, detail }: AnswerStep): string {
  const text = Object.hasOwn(errorTable, flag) ? errorTable[flag as keyof typeof errorTable].text : '';
  return [`${status} ${flag}`, location === undefined ? text : `to ${location}`, detail ?? ''].filter((part) => part !== '').join(': ');
}

/** What has to be true for a filter to let requests through that decides by more than the request. */
function demandOf(name: string, { rateLimits = [], requestLimits = [], auth, clientCertificate, satisfyAny }: Policy): string {
  switch (name) {
    case 'request_limit':
      return `on how many requests are under way: ${requestLimits.map(activeLimitText).join(', ')}`;
    case 'rate_limit':
      return `on how much is left of ${rateLimits.map(rateLimitText).join(', ')}`;
    case 'client_certificate':
      if (clientCertificate?.isBroken === true) return 'on nothing: the CA of client certificates can not be had, so nobody is let in';
      return `on the certificate of the client, which is ${clientCertificate?.isRequired === true ? 'required' : 'optional'}`;
    case 'auth':
      return `on who asks: ${auth?.kind ?? 'auth'}${satisfyAny === true ? ', unless the address is in the list of clients' : ''}`;
    default:
      return 'on more than the request';
  }
}

/** `10 in 1 s (50 at once) for each value of x-api-key, but for those of 10.0.0.0/8`. */
export function rateLimitText({ requests, windowMs, burst, key, exempt }: RateLimit): string {
  const each = { address: 'for each client address', header: `for each value of ${'name' in key ? key.name : ''}`, everybody: 'in all' }[
    key.kind
  ];
  return `${requests} in ${windowMs / 1000} s (${burst} at once) ${each}${exemptText(exempt)}`;
}

/** `at most 20 for each client address, but for those of 10.0.0.0/8`. */
function activeLimitText({ most, per, exempt }: ActiveLimit): string {
  const whose = per === 'address' ? ' for each client address' : ' in all';
  return `at most ${most}${whose}${exemptText(exempt)}`;
}

function exemptText(exempt: readonly string[]): string {
  return exempt.length === 0 ? '' : `, but for those of ${exempt.join(', ')}`;
}
