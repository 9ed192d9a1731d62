import type { ExternalAuth } from '../../routes/auth-policy.ts';
import type { FilterRequest } from '../filters/filter-request.ts';
import { Later, type NoVerdict, type Verdict } from '../filters/later.ts';
import { clientAddressOf, forwardedFields, type OutgoingRequest } from '../forwarded-fields.ts';
import { schemeOf } from '../forwarded-scheme.ts';
import { isForwarded } from '../header-names.ts';
import { errorReply, type LocalReply } from '../local-reply.ts';
import { ownRequest } from '../own-request.ts';
import { askService, type SubAnswer } from '../sub-request.ts';
import { originalUrl, signInLocation } from './sign-in-location.ts';

/** Asks the route's server whether the request may go on, unless an answer that was kept says so. @param route its key */
export function checkExternalAuth(request: FilterRequest, auth: ExternalAuth, route: string): Verdict | Later {
  const { context } = request;
  const key = keyOf(request, auth, route);
  const kept = key === undefined ? undefined : context.auth.answers.find(key, performance.now());
  if (kept !== undefined) {
    context.counters.authCacheHits++;
    return judge(request, auth, kept);
  }
  if (key !== undefined) context.counters.authCacheMisses++;
  const balancer = context.balancers.get(auth.service);
  return new Later({
    timeoutMs: auth.timeoutMs,
    decide: async (signal) => {
      if (balancer === undefined) throw new Error('Cannot ask the service: it is not there');
      const { timeoutMs } = auth;
      const answer = await askService(context, balancer, questionOf(request, auth), { timeoutMs, signal });
      const { cache } = auth;
      if (key !== undefined && cache !== undefined) context.auth.answers.keep(key, cache, usedPart(auth, answer), performance.now());
      return judge(request, auth, answer);
    },
    otherwise: (why) => unanswered(request, auth, detailOf(why)),
  });
}

/** By what the answer is kept, of what the server is told of the request; undefined: it is not. */
function keyOf(request: FilterRequest, auth: ExternalAuth, route: string): string | undefined {
  if (auth.cache === undefined) return undefined;
  const { head, facts, context } = request;
  const clientAddress = clientAddressOf(head, facts, context.trustedProxies);
  const told = forwardedFields({ head, askedAuthority: head.authority, facts, clientAddress, withForwarded: false });
  const headers = [...request.changed().headers.filter((_, index, all) => !isForwarded(all[index - (index % 2)] ?? '')), ...told];
  return context.auth.answers.keyOf(auth, auth.cache, { route, head: { ...head, headers }, clientAddress });
}

/** As much of an answer as anybody gets to see, and what says whether it may be kept. */
function usedPart({ responseHeaders, clientHeaders }: ExternalAuth, answer: SubAnswer): SubAnswer {
  const isYes = answer.status < 300;
  const names = new Set([...(isYes ? responseHeaders : clientHeaders), 'set-cookie', 'cache-control']);
  return { status: answer.status, headers: valuesOf(answer.headers, names), body: isYes ? '' : answer.body };
}

/** What belongs to the request's body, its ranges or its cache, what we say ourselves, and what would make an answer that we can't pass on. */
const leftOut: ReadonlySet<string> = new Set([
  ...['content-length', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-range', 'range'],
  ...['x-original-url', 'x-original-method', 'x-auth-request-redirect', 'accept-encoding', 'sec-websocket-key', 'sec-websocket-extensions'],
]);

function questionOf(request: FilterRequest, auth: ExternalAuth): OutgoingRequest {
  const { facts, context, requestId } = request;
  // With what filters before have said of the client's certificate, in place of what it says itself.
  const head = request.changed();
  const wanted = auth.requestHeaders === undefined ? undefined : new Set(auth.requestHeaders);
  const headers: string[] = [];
  for (let i = 0; i < head.headers.length; i += 2) {
    const name = head.headers[i] as string;
    // What a trusted proxy told of the client becomes part of what we tell.
    if (!leftOut.has(name) && (wanted === undefined || wanted.has(name) || isForwarded(name)))
      headers.push(name, head.headers[i + 1] as string);
  }
  headers.push('x-original-url', originalUrl(head, schemeOf(head, facts, context)), 'x-original-method', head.method);
  headers.push('x-auth-request-redirect', head.target);
  if (auth.method === 'POST') headers.push('content-length', '0');
  const { method, authority, target } = auth;
  return {
    head: ownRequest({ method, authority, target, headers }),
    askedAuthority: head.authority,
    facts,
    clientAddress: clientAddressOf(head, facts, context.trustedProxies),
    requestId,
    traceparent: undefined,
    keepsTracestate: false,
    withForwarded: false,
  };
}

function judge(request: FilterRequest, auth: ExternalAuth, answer: SubAnswer): Verdict {
  const { status, headers } = answer;
  if (status >= 200 && status < 300) {
    request.context.counters.countAuth('external', 'allowed');
    passOn(request, auth, headers);
    const cookies = valuesOf(headers, setCookie);
    if (cookies.length > 0) request.addToAnswer(cookies);
    return undefined;
  }
  if (status >= 500) return unanswered(request, auth, `status ${status}`);
  const isRedirect = status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
  if (status !== 401 && status !== 403 && !isRedirect) return unavailable(request, `status ${status}`);
  request.context.counters.countAuth('external', 'refused');
  return refusal(request, auth, answer);
}

/** The server's own answer, or the way to sign in. */
function refusal({ head, facts, context }: FilterRequest, auth: ExternalAuth, { status, headers, body }: SubAnswer): LocalReply {
  const cookies = valuesOf(headers, setCookie);
  if (status === 401 && auth.signIn !== undefined) {
    const location = signInLocation(auth.signIn, head, schemeOf(head, facts, context));
    const reply = errorReply('auth_required', 'sent to sign in', 302);
    return { ...reply, body: '302 Sign in first\n', headers: ['location', location, 'cache-control', 'no-store', ...cookies] };
  }
  const reply = errorReply(status === 403 ? 'auth_refused' : 'auth_required', `status ${status}`, status);
  const hasBody = body !== undefined && body !== '';
  const names = new Set(auth.clientHeaders.filter((name) => name !== 'content-type' || hasBody));
  return { ...reply, body: hasBody ? body : reply.body, headers: [...valuesOf(headers, names), ...cookies] };
}

/** The backend gets what the server says, and nothing that a client claims to come from there. */
function passOn(request: FilterRequest, { responseHeaders }: ExternalAuth, headers: readonly string[]): void {
  if (responseHeaders.length === 0) return;
  request.editRequest({ remove: responseHeaders, set: [], add: valuesOf(headers, new Set(responseHeaders)) });
}

/** The server did not answer, or not as it should. */
function unanswered(request: FilterRequest, auth: ExternalAuth, detail: string): Verdict {
  if (!auth.failOpen) return unavailable(request, detail);
  request.context.counters.countAuth('external', 'failed_open');
  passOn(request, auth, []);
  return undefined;
}

function unavailable(request: FilterRequest, detail: string): LocalReply {
  request.context.counters.countAuth('external', 'unavailable');
  return errorReply('auth_unavailable', detail);
}

function detailOf(why: NoVerdict): string {
  if (why.kind === 'late') return 'no answer in time';
  return why.error instanceof Error ? why.error.message : 'no answer';
}

const setCookie: ReadonlySet<string> = new Set(['set-cookie']);

function valuesOf(headers: readonly string[], names: ReadonlySet<string>): readonly string[] {
  const found: string[] = [];
  for (let i = 0; i < headers.length; i += 2)
    if (names.has(headers[i] as string)) found.push(headers[i] as string, headers[i + 1] as string);
  return found;
}
