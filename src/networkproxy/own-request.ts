import { Balancer } from '../balancing/balancer.ts';
import type { EndpointRuntime } from '../balancing/endpoint-runtime.ts';
import type { ServedDocument } from '../routes/auth-policy.ts';
import { serviceOfUrl } from '../routes/url-service.ts';
import type { ClientFacts } from './client-facts.ts';
import type { OutgoingRequest } from './forwarded-fields.ts';
import type { RequestHead } from './http1/message-handler.ts';
import type { ProxyContext } from './proxy-context.ts';
import { askService, type SubAnswer } from './sub-request.ts';

/** How long a server may take that we ask for ourselves. */
const timeoutMs = 5000;

/** A request that we make ourselves. @param bodyBytes 0: it has no body */
export function ownRequest(parts: Pick<RequestHead, 'method' | 'authority' | 'target' | 'headers'>, bodyBytes = 0): RequestHead {
  return {
    ...parts,
    ...{ scheme: 'http', host: parts.authority, path: parts.target, version: 11 },
    body: bodyBytes === 0 ? { kind: 'none' } : { kind: 'length', bytes: bodyBytes },
    ...{ keepAlive: true, expectContinue: false, upgrade: undefined },
  };
}

/** The text of a document, as UTF-8. Rejects when there is none. */
export async function askForDocument(
  context: ProxyContext,
  { service, authority, target }: ServedDocument,
  signal: AbortSignal,
): Promise<string> {
  const balancer = context.balancers.get(service);
  if (balancer === undefined) throw new Error('Cannot ask for the document: its service is not there');
  const head = ownRequest({ method: 'GET', authority, target, headers: ['accept', 'application/json'] });
  const answer = await askService(context, balancer, outgoingOf(context, head), { timeoutMs, signal });
  if (answer.status !== 200) throw new Error(`Cannot read the document: status ${answer.status}`);
  if (answer.body === undefined) throw new Error('Cannot read the document: it is too large');
  return Buffer.from(answer.body, 'latin1').toString('utf8');
}

/** What is asked of a server that no table names. */
export interface OwnQuestion {
  readonly method: string;
  readonly url: string;
  /** Flat, names in lower case. */
  readonly headers: readonly string[];
  readonly body: Buffer | undefined;
  /** PEM that verifies the server; undefined: the public CAs. */
  readonly ca: string | undefined;
}

/** Servers that are kept at once: those that providers name are few. */
const maxServers = 32;

/** Servers whose URLs come up at run time, asked like those of the table: same pools, health, checks of addresses and of certificates. */
export class UrlServers {
  /** In order of use. */
  readonly #balancers = new Map<string, Balancer>();

  async ask(context: ProxyContext, { method, url, headers, body, ca }: OwnQuestion, signal: AbortSignal): Promise<SubAnswer> {
    const { loadBalancing, allowLocalExternalNames: allowLocal } = context.config;
    const found = serviceOfUrl(url, { ca, loadBalancing, allowLocal });
    if (typeof found === 'string') throw new Error(`Cannot ask the server: the URL ${found}`);
    const { service, host, authority, target } = found;
    const balancer = this.#balancers.get(service.key) ?? makeBalancer(context, service, host);
    this.#keep(context, service.key, balancer);
    const length = body === undefined ? [] : ['content-length', String(body.length)];
    const head = ownRequest({ method, authority, target, headers: [...headers, ...length] }, body?.length);
    return await askService(context, balancer, outgoingOf(context, head), { timeoutMs, signal, body });
  }

  #keep(context: ProxyContext, key: string, balancer: Balancer): void {
    this.#balancers.delete(key);
    this.#balancers.set(key, balancer);
    const [oldest] = this.#balancers;
    if (this.#balancers.size <= maxServers || oldest === undefined) return;
    this.#balancers.delete(oldest[0]);
    const gone: EndpointRuntime[] = [];
    oldest[1].update(oldest[1].service, undefined, gone);
    context.pools.removeEndpoints(gone);
  }
}

function makeBalancer(context: ProxyContext, service: Balancer['service'], host: string): Balancer {
  const balancer = new Balancer(service, { counters: context.counters, now: () => performance.now(), random: Math.random });
  const endpoint = { address: host, port: service.port, state: 'ready', zone: undefined, forZones: [] } as const;
  balancer.update(service, { key: service.key, endpoints: [endpoint] }, []);
  return balancer;
}

function outgoingOf(context: ProxyContext, head: RequestHead): OutgoingRequest {
  return {
    ...{ head, askedAuthority: '', facts: ownFacts, clientAddress: '', requestId: context.requestIds.next() },
    ...{ traceparent: undefined, keepsTracestate: false, withForwarded: false },
  };
}

/** Of a request that no client has asked for: nothing is told of one. */
const ownFacts: ClientFacts = {
  ...{ connectionId: '', remoteAddress: '', trusted: false, scheme: 'http', serverName: undefined, certificates: [] },
  ...{ tlsPolicy: '', tlsVersion: undefined, tlsCipher: undefined, proxied: undefined, clientCertificate: undefined, forwardedLines: '' },
  listener: { key: '', addresses: [], port: 0, publishedPort: 0, protocol: 'http', proxyProtocolFrom: [] },
};
