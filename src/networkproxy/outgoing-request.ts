import type { ClientFacts } from './client-facts.ts';
import { clientAddressOf, type OutgoingRequest } from './forwarded-fields.ts';
import type { RequestHead } from './http1/message-handler.ts';
import type { ProxyContext } from './proxy-context.ts';
import type { RequestRecord } from './request-record.ts';

/**
 * A request for a backend, in the span that `record` has or gets.
 * @param asked what the client asked @param head what a backend is to be asked
 */
export function outgoingRequest(
  context: ProxyContext,
  facts: ClientFacts,
  record: RequestRecord,
  asked: RequestHead,
  head: RequestHead,
): OutgoingRequest {
  record.clientAddress = clientAddressOf(asked, facts, context.trustedProxies);
  // A page is asked for in the same span.
  const trace = record.trace ?? context.traces?.traceOf(asked.headers);
  record.trace = trace;
  return {
    head,
    askedAuthority: asked.authority,
    facts,
    clientAddress: record.clientAddress,
    requestId: record.requestId,
    traceparent: trace?.traceparent,
    keepsTracestate: trace?.span?.parentId !== undefined,
    withForwarded: context.config.forwardedHeader,
  };
}

/** A body that has come as a whole has a length, which some applications want; trailers need chunks. */
export function withLength(head: RequestHead, bytes: number, trailers: readonly string[]): RequestHead {
  if (head.body.kind !== 'chunked' || trailers.length > 0) return head;
  return { ...head, headers: [...head.headers, 'content-length', String(bytes)], body: { kind: 'length', bytes } };
}
