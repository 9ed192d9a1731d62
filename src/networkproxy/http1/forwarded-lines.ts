import { type BlockList, isIP } from 'node:net';
import { type ClientFacts, isTrusted } from '../client-facts.ts';
import type { RequestHead } from './message-handler.ts';

/** The client's address and the header lines that tell the backend about the client. */
export interface Forwarded {
  /** The peer, or the address that the trusted proxies in front of us vouch for. */
  readonly clientAddress: string;
  /** Lines ended by CRLF. */
  readonly lines: string;
}

/**
 * What a backend is told about the client. From a peer that is not trusted, nothing that the request says of itself survives. A trusted
 * peer is appended to X-Forwarded-For and the other fields are kept as it sent them.
 */
export function forwardedLines(head: RequestHead, facts: ClientFacts, trustedProxies: BlockList, withForwarded: boolean): Forwarded {
  if (facts.trusted) return trustedLines(head, facts, trustedProxies, withForwarded);
  let lines = facts.forwardedLines;
  if (head.authority !== '') lines += `x-forwarded-host: ${head.authority}\r\n`;
  if (withForwarded) lines += `forwarded: ${forwardedElement(facts.remoteAddress, facts.scheme, head.authority)}\r\n`;
  return { clientAddress: facts.remoteAddress, lines };
}

function trustedLines(head: RequestHead, facts: ClientFacts, trustedProxies: BlockList, withForwarded: boolean): Forwarded {
  const received = receivedFields(head.headers);
  const chain = received.for === '' ? facts.remoteAddress : `${received.for}, ${facts.remoteAddress}`;
  const clientAddress = firstUntrusted(received.for, facts.remoteAddress, trustedProxies);
  const proto = received.proto || facts.scheme;
  const host = received.host || head.authority;
  let lines =
    `x-forwarded-for: ${chain}\r\nx-forwarded-proto: ${proto}\r\n` +
    `x-forwarded-port: ${received.port || facts.listener.publishedPort}\r\nx-real-ip: ${clientAddress}\r\n`;
  if (host !== '') lines += `x-forwarded-host: ${host}\r\n`;
  const elements = [received.forwarded, withForwarded ? forwardedElement(facts.remoteAddress, facts.scheme, head.authority) : ''];
  const forwarded = elements.filter((element) => element !== '').join(', ');
  return { clientAddress, lines: forwarded === '' ? lines : `${lines}forwarded: ${forwarded}\r\n` };
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
    const value = headers[i + 1] as string;
    switch (headers[i]) {
      case 'x-forwarded-for':
        fields.for = fields.for === '' ? value : `${fields.for}, ${value}`;
        break;
      case 'forwarded':
        fields.forwarded = fields.forwarded === '' ? value : `${fields.forwarded}, ${value}`;
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

/**
 * Walks the chain from the right, where our own proxies wrote, to the first address that is not one of them. It stops before what is no
 * address (`unknown`, a made-up name): nobody vouches for what is left of that.
 */
function firstUntrusted(chain: string, peer: string, trustedProxies: BlockList): string {
  const hops = chain === '' ? [] : chain.split(',');
  let client = peer;
  for (let i = hops.length - 1; i >= 0; i--) {
    const hop = (hops[i] as string).trim();
    if (hop === '') continue;
    const address = hopAddress(hop);
    if (address === undefined) break;
    client = address;
    if (!isTrusted(trustedProxies, address)) break;
  }
  return client;
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
