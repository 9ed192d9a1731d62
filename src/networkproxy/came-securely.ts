import type { ClientFacts } from './client-facts.ts';
import type { RequestHead } from './http1/message-handler.ts';
import { lastFieldValue } from './http1/request-lines.ts';

/** The client came over HTTPS, to us or to the trusted proxy in front of us. */
export function cameSecurely(head: RequestHead, facts: ClientFacts): boolean {
  return facts.scheme === 'https' || (facts.trusted && lastFieldValue(head.headers, 'x-forwarded-proto') === 'https');
}
