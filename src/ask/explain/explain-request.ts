import { nearestName } from '../../config/nearest-name.ts';
import { type ClientFacts, isTrusted } from '../../networkproxy/client-facts.ts';
import { FilterRequest } from '../../networkproxy/filters/filter-request.ts';
import type { ParseFailure, RequestHead } from '../../networkproxy/http1/message-handler.ts';
import { errorReply } from '../../networkproxy/local-reply.ts';
import type { ProxyContext } from '../../networkproxy/proxy-context.ts';
import { HeadToMatch } from '../../networkproxy/request-heads.ts';
import { RequestRewriter, rewriteRefused } from '../../networkproxy/request-rewriter.ts';
import { blockListOf } from '../../networkproxy/trusted-proxies.ts';
import { backendsOn } from '../../routes/backends-on.ts';
import type { CompiledRoute, CompiledTable } from '../../routes/compiled-table.ts';
import { explainMatch, type MatchExplanation } from '../../routes/explain-match.ts';
import type { MatchRequest } from '../../routes/match-request.ts';
import type { ForwardAction } from '../../routes/route.ts';
import { installationKey, type Listener } from '../../routes/route-table.ts';
import type { Steps } from '../../steps.ts';
import { actionText } from '../action-text.ts';
import { countOf } from '../units.ts';
import { type BackendRequest, backendSteps, usable } from './backend-steps.ts';
import { candidateSteps, placeOf } from './candidate-steps.ts';
import type { ExplainContext } from './explain-context.ts';
import type { BackendStep, EndpointStep, Explanation, FilterStep, ObjectPlace } from './explanation.ts';
import { answerOf, answerText, edgeSteps, routeSteps } from './filter-steps.ts';
import { refusedRuleText } from './parse-rule-text.ts';
import { policyEffects } from './policy-effects.ts';
import { problemsAbout, problemsOf } from './problem-steps.ts';
import { serviceEffects } from './service-effects.ts';
import type { TlsFound } from './tls-step.ts';

/** A request, and the connection that it comes on. */
export interface AskedRequest {
  readonly head: RequestHead | ParseFailure;
  readonly listener: Listener;
  /** Has the hosts that cover the request's and the server name. */
  readonly compiled: CompiledTable;
  /** undefined: plain HTTP. */
  readonly found: TlsFound | undefined;
  readonly client: string | undefined;
}

/** What becomes of an HTTP request. */
export function* explainRequest(begun: Explanation, asked: AskedRequest, context: ExplainContext): Steps<Explanation> {
  const { head } = asked;
  if ('rule' in head) {
    const answer = { status: head.status, flag: head.flag, location: undefined, detail: head.rule };
    return { ...begun, answer, summary: `The request is refused with ${head.status}: ${refusedRuleText(head.rule)}.` };
  }
  const request = filterRequest(head, asked, context);
  const knowsClient = asked.client !== undefined;
  const edge = edgeSteps(request, knowsClient);
  const wanted = new HeadToMatch(head, request.facts, request.context.trustedProxies);
  const { host, method, path, query } = wanted;
  const read: Explanation = { ...begun, edge: edge.steps, request: { host, method, path, query } };
  if (edge.answer !== undefined) {
    const isChallenge = edge.answer.flag === 'route_response';
    const summary = isChallenge
      ? 'It is answered with an ACME challenge, before any route.'
      : `No route is looked for: ${answerText(edge.answer)}.`;
    return { ...read, matched: isChallenge, answer: edge.answer, summary };
  }
  const match = yield* explainMatch(context.table, wanted);
  const candidates = candidateSteps(match, wanted, context);
  const matched: Explanation = { ...read, candidates, omittedCandidates: match.omitted };
  const { result } = match;
  if (result.kind !== 'route') return explainNoRoute(matched, result.kind, match, wanted, context);
  return explainRoute(matched, request, result.route, match, knowsClient, context);
}

/** The filters that `explain` asks read nothing of a worker but who is trusted to name a client. */
function filterRequest(
  head: RequestHead,
  { compiled, found, listener, client }: AskedRequest,
  { table, config }: ExplainContext,
): FilterRequest {
  const trustedProxies = blockListOf(table.settings.get(installationKey)?.trustedProxies ?? config.trustedProxies);
  const facts: ClientFacts = {
    connectionId: '',
    remoteAddress: client ?? '',
    trusted: client !== undefined && isTrusted(trustedProxies, client),
    scheme: found === undefined ? 'http' : 'https',
    listener,
    serverName: found?.step.serverName,
    tlsVersion: undefined,
    tlsCipher: undefined,
    proxied: undefined,
    certificates: found?.certificates ?? [],
    tlsPolicy: found?.tls?.kind === 'terminate' ? (found.tls.policy?.key ?? '') : '',
    clientCertificate: undefined,
    forwardedLines: '',
  };
  return new FilterRequest(head, facts, compiled, { trustedProxies } as ProxyContext, '');
}

function explainNoRoute(
  begun: Explanation,
  kind: 'no_host' | 'no_path' | 'patterns_too_costly',
  { hosts, verdicts }: MatchExplanation,
  { host, path }: MatchRequest,
  context: ExplainContext,
): Explanation {
  const answer = answerOf(errorReply(kind));
  const problems = problemsAbout(host, context);
  if (kind === 'no_host') {
    const near = nearestName(host, context.table.hosts.keys());
    const hint = near === undefined ? `the table has ${countOf(context.table.hosts.size, 'host')}.` : `did you mean ${near}?`;
    return {
      ...begun,
      answer,
      problems,
      summary: `No host covers ${host || 'a request without a host'}, so it is answered ${answer.status}; ${hint}`,
    };
  }
  const sources = verdicts.map(({ route }) => route.source);
  const all = [...problems, ...problemsOf(sources, context).filter(({ message }) => problems.every((one) => one.message !== message))];
  const summary =
    kind === 'no_path'
      ? `No route of ${hosts.join(', ')} takes ${path.slice(0, 200)}, so it is answered ${answer.status}.`
      : `It is answered ${answer.status}: to find its route would cost more than one request may spend on patterns.`;
  return { ...begun, answer, problems: all, summary };
}

function explainRoute(
  begun: Explanation,
  request: FilterRequest,
  compiled: CompiledRoute,
  { verdicts }: MatchExplanation,
  knowsClient: boolean,
  context: ExplainContext,
): Explanation {
  const { route, policy } = compiled;
  const { action } = route;
  const { steps, answer } = routeSteps(request, compiled, knowsClient);
  const place = placeOf(route, context);
  const sources = [route.source, ...verdicts.map((verdict) => verdict.route.source)];
  const won: Explanation = {
    ...begun,
    matched: true,
    winner: { ...place, key: route.key, action: actionText(action) },
    filters: steps,
    problems: problemsOf(sources, context),
  };
  if (answer !== undefined) return { ...won, answer, summary: `${after(steps)}${place.object} answers ${answerText(answer)}.` };
  if (action.kind !== 'forward') return { ...won, summary: `${place.object}: ${actionText(action)}.` };
  return explainForward(won, request, compiled, action, place, context, policyEffects(policy, action));
}

function explainForward(
  won: Explanation,
  request: FilterRequest,
  compiled: CompiledRoute,
  action: ForwardAction,
  place: ObjectPlace,
  context: ExplainContext,
  effects: readonly string[],
): Explanation {
  const outgoing = RequestRewriter.of(compiled)?.rewrite(request.changed()) ?? request.changed();
  if (typeof outgoing === 'string') {
    const answer = answerOf(rewriteRefused(outgoing));
    return { ...won, effects, answer, summary: `${place.object} takes it, and its rewrite makes no path of it: ${answerText(answer)}.` };
  }
  const asked: BackendRequest = { target: outgoing.target, authority: outgoing.authority };
  const chosen = backendsOn(action.backends, request.facts.listener.key);
  const backends = backendSteps(chosen, 'tcp', asked, context);
  const service = chosen.map((backend) => context.table.services.get(backend.service ?? '')).find((found) => found !== undefined);
  const all = service === undefined ? effects : [...effects, ...serviceEffects(service)];
  const summary = `${after(won.filters)}${place.object} sends it to ${backends.map(reachText).join(', ')}.`;
  // What is drained by hand gets nothing in any case.
  const isOut = ({ out, address }: EndpointStep): boolean => out !== undefined && !context.drained.includes(address);
  const notes = backends.some((backend) => backend.endpoints.some(isOut))
    ? ['Endpoints that are out of rotation get requests all the same while none is in.']
    : [];
  return { ...won, effects: all, backends, summary, notes: [...won.notes, ...notes] };
}

/** A backend, and whether it can be reached. */
function reachText(backend: BackendStep): string {
  if (backend.service === undefined) return 'a Service that can not be served (503)';
  const count = backend.endpoints.length;
  if (count === 0) return `${backend.service}, which has no endpoint (503)`;
  if (backend.endpoints.every(({ state }) => state === 'draining')) return `${backend.service}, which has no endpoint that is ready (503)`;
  return `${backend.service} (${usable(backend)} of ${count} endpoints can be used)`;
}

/** What has to let it through first. */
function after(steps: readonly FilterStep[]): string {
  const open = steps.filter(({ verdict }) => verdict === 'depends').map(({ name }) => name);
  return open.length === 0 ? '' : `If ${open.join(', ')} let it through: `;
}
