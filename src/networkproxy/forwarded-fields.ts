import { type BlockList, isIP } from 'node:net';
import { type ClientFacts, isTrusted } from './client-facts.ts';
import type { RequestHead } from './http1/message-handler.ts';
import { serialiseFields } from './http1/serialise-head.ts';
import { joinedField } from './joined-field.ts';
import type { OutgoingTrace } from './trace-context.ts';

/** One request as a backend is to get it: what the client sent, and what is said of the client. Kept for a retry. */
export interface OutgoingRequest extends OutgoingTrace {
  readonly head: RequestHead;
  /** The authority that the client asked, whatever `head` asks of the backend. */
  readonly askedAuthority: string;
  readonly facts: ClientFacts;
  /** See `clientAddressOf`. */
  readonly clientAddress: string;
  readonly requestId: string;
  /** The Forwarded header is sent too (RFC 7239). */
  readonly withForwarded: boolean;
}

/** The peer, or the address that the trusted proxies in front of us vouch for. */
export function clientAddressOf(head: RequestHead, facts: ClientFacts, trustedProxies: BlockList): string {
  return facts.trusted
    ? firstUntrusted(joinedField(head.headers, 'x-forwarded-for') ?? '', facts.remoteAddress, trustedProxies)
    : facts.remoteAddress;
}

/** `forwardedFields` as complete lines for HTTP/1.1. */
export function forwardedLines(outgoing: OutgoingRequest): string {
  const { askedAuthority, facts, withForwarded } = outgoing;
  if (facts.trusted || withForwarded) return serialiseFields(forwardedFields(outgoing));
  // The usual case from ready text (bench: http1).
  return askedAuthority === '' ? facts.forwardedLines : `${facts.forwardedLines}x-forwarded-host: ${askedAuthority}\r\n`;
}

/**
 * What a backend is told about the client, as a flat list. From a peer that is not trusted, nothing that the request says of itself
 * survives. A trusted peer is appended to X-Forwarded-For and the other fields are kept as it sent them; X-Real-IP is always ours, for many
 * proxies pass on that of the client.
 */
export function forwardedFields(
  outgoing: Pick<OutgoingRequest, 'head' | 'askedAuthority' | 'facts' | 'clientAddress' | 'withForwarded'>,
): readonly string[] {
  const { head, askedAuthority, facts, clientAddress, withForwarded } = outgoing;
  const received = facts.trusted ? receivedFields(head.headers) : undefined;
  const fields = [
    ...['x-forwarded-for', received === undefined || received.for === '' ? facts.remoteAddress : `${received.for}, ${facts.remoteAddress}`],
    ...['x-forwarded-proto', received?.proto || facts.scheme],
    ...['x-forwarded-port', received?.port || String(facts.listener.publishedPort)],
    ...['x-real-ip', clientAddress],
  ];
  const host = received?.host || askedAuthority;
  if (host !== '') fields.push('x-forwarded-host', host);
  const elements = [received?.forwarded ?? '', withForwarded ? forwardedElement(facts.remoteAddress, facts.scheme, askedAuthority) : ''];
  const forwarded = elements.filter((element) => element !== '').join(', ');
  if (forwarded !== '') fields.push('forwarded', forwarded);
  return fields;
}

interface ReceivedFields {
  for: string;
  proto: string;
  host: string;
  port: string;
  forwarded: string;
}

function receivedFields(headers: readonly string[]): ReceivedFields {
  const fields: ReceivedFields = { for: '', proto: '', host: '', port: '', forwarded: '' };
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    const value = headers[i + 1] as string;
    switch (name) {
      case 'x-forwarded-for':
        fields.for = joined(fields.for, value);
        break;
      case 'forwarded':
        fields.forwarded = joined(fields.forwarded, value);
        break;
      case 'x-forwarded-proto':
        fields.proto = value;
        break;
      case 'x-forwarded-host':
        fields.host = value;
        break;
      case 'x-forwarded-port':
        fields.port = value;
        break;
    }
  }
  return fields;
}

function joined(before: string, value: string): string {
  return before === '' ? value : `${before}, ${value}`;
}

function firstUntrusted(chain: string, peer: string, trustedProxies: BlockList): string {
  const hops = chain === '' ? [] : chain.split(',');
  const place = clientPlace(hops, trustedProxies);
  return (place === undefined ? undefined : hopAddress((hops[place] as string).trim())) ?? peer;
}

/**
 * Where in X-Forwarded-For the client is: walks from the right, where our own proxies wrote, to the first address that is not one of them. It
 * stops before what is no address (`unknown`, a made-up name): nobody vouches for what is left of that. undefined: it is the peer.
 */
export function clientPlace(hops: readonly string[], trustedProxies: BlockList): number | undefined {
  let place: number | undefined;
  for (let i = hops.length - 1; i >= 0; i--) {
    const hop = (hops[i] as string).trim();
    if (hop === '') continue;
    const address = hopAddress(hop);
    if (address === undefined) break;
    place = i;
    if (!isTrusted(trustedProxies, address)) break;
  }
  return place;
}

/** `1.2.3.4`, `1.2.3.4:50000`, `::1`, `[::1]`, `[::1]:50000`: the address, an IPv4 one never in `::ffff:` form. */
function hopAddress(hop: string): string | undefined {
  const bare = isIP(hop) === 0 ? hop.replace(/^\[(.*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/, '$1$2') : hop;
  if (isIP(bare) === 0) return undefined;
  return bare.replace(/^::ffff:(?=[\d.]+$)/i, '');
}

/** One element of RFC 7239; IPv6 and hosts with a port are quoted as its grammar asks. */
function forwardedElement(address: string, scheme: string, authority: string): string {
  const node = address.includes(':') ? `"[${address}]"` : address;
  const host = authority === '' ? '' : `;host="${authority.replace(/["\\]/g, '')}"`;
  return `for=${node};proto=${scheme}${host}`;
}
