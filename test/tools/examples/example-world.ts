import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { createServer as createSecureServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { SecureVersion, TLSSocket } from 'node:tls';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { parseProxyHeader } from '../../../src/smartproxy/proxy-protocol.ts';
import { GrpcServer } from '../grpc-server.ts';
import { opaqueSecret, service, tlsSecret, udpService } from '../manifests.ts';
import { UdpPeer } from '../smartproxy/udp-peer.ts';
import { TcpBackend } from '../tcp-talk.ts';
import { TestAuthority } from '../test-authority.ts';
import { makeTestCertificate, type TestCertificate } from '../test-certificate.ts';
import { ExampleBackend } from './example-backend.ts';

const pages = join(import.meta.dirname, '../../../examples/smartroute/around/pages.yaml');

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

export interface ExampleAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The common name of the certificate that was shown. */
  readonly certificate: string | undefined;
}

export interface ExampleAsk {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Over TLS, for the host of the request. */
  readonly tls?: boolean;
  /** Shown over TLS. */
  readonly certificate?: TestCertificate;
  readonly maxVersion?: SecureVersion;
}

/** Everything that the examples name besides themselves, real and on one address: Services with pods, Secrets, texts, and who may ask. */
export class ExampleWorld implements AsyncDisposable {
  readonly address: string;
  /** Ports of the program, by listener. */
  ports: ReadonlyMap<string, number> = new Map();
  /** Pods of `web`, of which there are two. */
  readonly web: readonly [ExampleBackend, ExampleBackend];
  readonly next: ExampleBackend;
  /** Decides who may see the wiki: who brings a cookie. */
  readonly decider: ExampleBackend;
  /** Has the certificate `backend.internal`. */
  readonly secure: Server;
  readonly mail: TcpBackend;
  readonly mailNext: TcpBackend;
  /** Speaks HTTP after a PROXY header, and says what that had. */
  readonly proxied: TcpBackend;
  readonly dns: UdpPeer;
  /** In the namespace `reporting`. */
  readonly reports: ExampleBackend;
  /** Answers calls of gRPC. */
  readonly calls: GrpcServer;
  /** The certificate that the program shows for `*.example.com`, which is its own issuer. */
  readonly front: TestCertificate;
  /** May see the partners' pages; the other one has a CA of its own. */
  readonly partner: TestCertificate;
  readonly stranger: TestCertificate;
  readonly #objects: string;
  readonly #keys: KeyPair;

  private constructor(fields: Fields) {
    this.address = fields.address;
    this.web = fields.web;
    this.next = fields.next;
    this.decider = fields.decider;
    this.secure = fields.secure;
    this.mail = fields.mail;
    this.mailNext = fields.mailNext;
    this.proxied = fields.proxied;
    this.dns = fields.dns;
    this.reports = fields.reports;
    this.calls = fields.calls;
    this.front = fields.front;
    this.partner = fields.partner;
    this.stranger = fields.stranger;
    this.#objects = fields.objects;
    this.#keys = fields.keys;
    this.decider.otherwise = ({ url, headers }, response) => {
      const isKnown = url !== '/oauth2/auth' || headers.cookie === 'may=1';
      response.setHeader('x-auth-request-user', 'ada').setHeader('x-auth-request-email', 'ada@example.com');
      return response.writeHead(isKnown ? 200 : 401).end('may');
    };
  }

  /** @param address of this machine, where the pods are; an API server takes no loopback address for them */
  static async start(address: string): Promise<ExampleWorld> {
    const pod = (name: string): Promise<ExampleBackend> => ExampleBackend.start(name, address);
    const [web, next, decider] = [[await pod('web'), await pod('web')] as const, await pod('web-next'), await pod('may')];
    const [own, front] = [await makeTestCertificate('backend.internal'), await makeTestCertificate('*.example.com')];
    const secure = createSecureServer(own, (_request, response) => response.end('tls-server'));
    secure.listen(0, address);
    await once(secure, 'listening');
    const [mail, mailNext] = [await TcpBackend.named('mail', address), await TcpBackend.named('mail-next', address)];
    const proxied = await TcpBackend.start((socket) => socket.once('data', (chunk: Buffer) => socket.end(answerAbout(chunk))), address);
    const dns = await UdpPeer.server('dns', address);
    const [reports, calls] = [await pod('reports'), await GrpcServer.start({ address })];
    const [partners, strangers] = [await TestAuthority.make('CN=Partners'), await TestAuthority.make('CN=Strangers')];
    const keys = await generateKeyPair('RS256');
    const objects =
      reporting +
      service('reports', reports.port).replaceAll('namespace: default', 'namespace: reporting') +
      service('calls', calls.port) +
      service('web', web[0].port, web[1].port) +
      service('web-next', next.port) +
      service('oauth2-proxy', decider.port) +
      service('tls-server', (secure.address() as AddressInfo).port) +
      service('mail', mail.port) +
      service('mail-next', mailNext.port) +
      service('proxied', proxied.port) +
      udpService('dns', dns.port) +
      tlsSecret('secure-tls', front) +
      opaqueSecret('issuer-keys', { 'jwks.json': JSON.stringify({ keys: [await exportJWK(keys.publicKey)] }) }) +
      opaqueSecret('partners-ca', { 'ca.crt': partners.ca }) +
      opaqueSecret('portal-login', { 'cookie-key': 'k'.repeat(43), 'client-secret': 'secret' }) +
      opaqueSecret('users', { auth: 'ada:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=' }) +
      opaqueSecret('backend-ca', { 'ca.crt': own.cert }) +
      `\n${readFileSync(pages, 'utf8')}\n---`;
    return new ExampleWorld({
      ...{ address, web, next, decider, secure, mail, mailNext, proxied, dns, reports, calls, front, keys },
      partner: await partners.issue('CN=partner'),
      stranger: await strangers.issue('CN=partner'),
      objects: objects.replaceAll('127.0.0.1', address),
    });
  }

  /** The Services, slices, Secrets and texts, in YAML. */
  get objects(): string {
    return this.#objects;
  }

  /** Every request that came to a pod of `web`, the last one last for each pod. */
  get seenByWeb(): readonly ExampleBackend['seen'][number][] {
    return this.web.flatMap(({ seen }) => seen);
  }

  /** What both pods of `web` do in place of their usual answer. */
  set webOtherwise(answer: ExampleBackend['otherwise']) {
    for (const pod of this.web) pod.otherwise = answer;
  }

  portOf(listener: string): number {
    const port = this.ports.get(listener);
    if (port === undefined) throw new Error(`There is no listener ${listener}`);
    return port;
  }

  /** A token of the issuer for a member of `group`. */
  token(group: string, { issuer = 'https://issuer.example.com', audience = 'shop' } = {}): Promise<string> {
    const claims = { iss: issuer, aud: audience, sub: 'ada', groups: [group] };
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).setExpirationTime('1h').sign(this.#keys.privateKey);
  }

  /** A request of which the test writes the body. */
  open(host: string, path: string, { method = 'GET', headers = {}, tls = false, certificate, maxVersion }: ExampleAsk = {}): ClientRequest {
    const common = { host: this.address, method, path, headers: { host, ...headers }, agent: false as const };
    if (!tls) return httpRequest({ ...common, port: this.portOf('http') });
    return httpsRequest({
      ...{ ...common, ...certificate, port: this.portOf('https'), servername: host, rejectUnauthorized: false },
      ...(maxVersion !== undefined && { maxVersion }),
    });
  }

  /** One request on a connection of its own. */
  ask(host: string, path: string, options: ExampleAsk = {}): Promise<ExampleAnswer> {
    const request = this.open(host, path, options);
    return new Promise((resolve, reject) => {
      request.once('error', reject);
      request.once('response', async (response) => {
        const certificate = options.tls === true ? (response.socket as TLSSocket).getPeerCertificate().subject?.CN : undefined;
        const body = response.toArray() as Promise<readonly Buffer[]>;
        body.then((chunks) => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
            certificate: String(certificate),
          });
        }, reject);
      });
      request.end(options.body);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.secure.closeAllConnections();
    this.secure.close();
    this.dns.close();
    await Promise.all(
      [...this.web, this.next, this.decider, this.mail, this.mailNext, this.proxied, this.reports, this.calls].map((one) =>
        one[Symbol.asyncDispose](),
      ),
    );
  }
}

function answerAbout(chunk: Buffer): string {
  const header = parseProxyHeader(chunk);
  const said = header.kind === 'proxied' && {
    source: header.addresses.sourceAddress,
    tlvs: header.tlvs.map(({ type }) => type).sort((one, other) => one - other),
  };
  const body = JSON.stringify(said);
  return `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

const reporting = `
apiVersion: v1
kind: Namespace
metadata: {name: reporting}
---`;

type Pods = Pick<ExampleWorld, 'web' | 'next' | 'decider' | 'secure' | 'mail' | 'mailNext' | 'proxied' | 'dns' | 'reports' | 'calls'>;
type Fields = Pods & Pick<ExampleWorld, 'address' | 'front' | 'partner' | 'stranger' | 'objects'> & { readonly keys: KeyPair };
