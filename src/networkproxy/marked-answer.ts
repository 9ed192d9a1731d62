import type { RouteAction } from '../routes/route.ts';
import { isPreflightReply } from './cors.ts';
import type { FilterRequest } from './filters/filter-request.ts';
import { cameSecurely } from './forwarded-scheme.ts';
import type { ResponseHead } from './http1/message-handler.ts';
import type { LocalReply } from './local-reply.ts';
import type { RouteRuntime } from './route-runtime.ts';

/**
 * The head of a backend's answer as the client is to see it: with what the route and its filters change of it.
 * @param session that has just begun, or moved; undefined: neither
 */
export function markedAnswer(
  head: ResponseHead,
  request: FilterRequest,
  runtime: RouteRuntime | undefined,
  session: string | undefined,
): ResponseHead {
  const marker = runtime?.marker;
  const marked = marker === undefined ? head : { ...head, headers: marker.mark(head.headers, request.head.headers) };
  return withSession(marked, request, runtime, session);
}

/** As `markedAnswer`, of an answer that switches protocols: what client and backend agree on by it stays. */
export function switchingAnswer(
  head: ResponseHead,
  request: FilterRequest,
  runtime: RouteRuntime | undefined,
  session: string | undefined,
): ResponseHead {
  const marker = runtime?.marker;
  const marked = marker === undefined ? head : { ...head, headers: marker.markSwitching(head.headers) };
  return withSession(marked, request, runtime, session);
}

function withSession(
  head: ResponseHead,
  request: FilterRequest,
  runtime: RouteRuntime | undefined,
  session: string | undefined,
): ResponseHead {
  const sessions = runtime?.sessions;
  if (sessions === undefined || session === undefined) return withFields(head, request);
  const headers = sessions.mark(head.headers, session, cameSecurely(request.head, request.facts, request.context));
  return withFields({ ...head, headers }, request);
}

/** An answer of our own as the client is to see it. */
export function markedReply(reply: LocalReply, request: FilterRequest | undefined, runtime: RouteRuntime | undefined): LocalReply {
  if (runtime?.marker !== undefined && request !== undefined && isOfAction(reply, runtime.compiled.route.action))
    return withFields({ ...reply, headers: runtime.marker.mark(reply.headers, request.head.headers) }, request);
  const cors = runtime?.marker?.cors;
  // A page may know that it failed; a preflight says so itself.
  if (cors === undefined || request === undefined || isPreflightReply(reply)) return withFields(reply, request);
  return withFields({ ...reply, headers: cors.mark(reply.headers, request.head.headers) }, request);
}

/** Whether it is what the route is for, and no refusal: its headers are changed as those of a backend's answer are. */
function isOfAction(reply: LocalReply, { kind }: RouteAction): boolean {
  if (kind === 'redirect') return reply.flag === 'route_redirect';
  return kind === 'respond' && reply.flag === 'route_response' && !isPreflightReply(reply);
}

/** With what filters want the client to have. */
function withFields<T extends { readonly headers: readonly string[] }>(answer: T, request: FilterRequest | undefined): T {
  const fields = request?.answerFields;
  return fields === undefined ? answer : { ...answer, headers: [...answer.headers, ...fields] };
}
