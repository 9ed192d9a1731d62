import type { ClientFacts } from '../../src/networkproxy/client-facts.ts';
import type { OutgoingRequest } from '../../src/networkproxy/forwarded-fields.ts';
import type { RequestHead } from '../../src/networkproxy/http1/message-handler.ts';

const listener = { key: 'http', addresses: [], port: 80, publishedPort: 80, protocol: 'http' as const, proxyProtocolFrom: [] };

/** A request on its way to a backend from a client of whom nothing is said but its host. */
export function outgoingOf(head: RequestHead, forwardedLines = ''): OutgoingRequest {
  const facts: ClientFacts = {
    connectionId: 'c1',
    remoteAddress: '192.0.2.1',
    trusted: false,
    scheme: 'http',
    listener,
    serverName: undefined,
    tlsVersion: undefined,
    proxied: undefined,
    tlsCipher: undefined,
    certificates: [],
    tlsPolicy: '',
    clientCertificate: undefined,
    forwardedLines,
  };
  return {
    head,
    askedAuthority: head.authority,
    facts,
    clientAddress: facts.remoteAddress,
    requestId: '6f1c2d3e4b5a6978',
    traceparent: undefined,
    keepsTracestate: false,
    withForwarded: false,
  };
}
