import type { BlockList } from 'node:net';
import type { ClientFacts } from './client-facts.ts';
import { clientPlace } from './forwarded-fields.ts';
import type { RequestHead } from './http1/message-handler.ts';
import { lastFieldValue } from './http1/request-lines.ts';
import { joinedField } from './joined-field.ts';

type Scheme = ClientFacts['scheme'];

/** Who is trusted to say it; read for lists alone. */
interface Trust {
  readonly trustedProxies: BlockList;
}

/** The client came over HTTPS, to us or to the trusted proxy in front of us. */
export function cameSecurely(head: RequestHead, facts: ClientFacts, trust: Trust): boolean {
  return facts.scheme === 'https' || toldScheme(head, facts, trust) === 'https';
}

/** What the client speaks: a trusted proxy in front may have ended its TLS. */
export function schemeOf(head: RequestHead, facts: ClientFacts, trust: Trust): Scheme {
  return toldScheme(head, facts, trust) ?? facts.scheme;
}

/**
 * What trusted proxies say of the client in X-Forwarded-Proto. Of a list, to which each of them has added what was spoken to it, the element
 * counts that stands as far from the right as the client does in X-Forwarded-For, or the first when there are fewer. What is left of it the
 * client may have written.
 */
function toldScheme({ headers }: RequestHead, facts: ClientFacts, trust: Trust): Scheme | undefined {
  const told = facts.trusted ? lastFieldValue(headers, 'x-forwarded-proto') : undefined;
  if (told === undefined) return undefined;
  if (told === 'https' || told === 'http') return told;
  const elements = told.split(',');
  const hops = (joinedField(headers, 'x-forwarded-for') ?? '').split(',');
  // A peer that names no client is the client itself: the last element is what it spoke.
  const fromRight = hops.length - (clientPlace(hops, trust.trustedProxies) ?? hops.length - 1);
  return schemes.get((elements[Math.max(0, elements.length - fromRight)] as string).trim().toLowerCase());
}

/** In any letter case; some proxies tell of WebSockets by schemes of their own. */
const schemes: ReadonlyMap<string, Scheme> = new Map([
  ['https', 'https'],
  ['wss', 'https'],
  ['http', 'http'],
  ['ws', 'http'],
]);
