import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, Server as HttpServer, request as httpRequest } from 'node:http';
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  createServer as createHttp2Server,
  createSecureServer as createSecureHttp2Server,
  type Http2SecureServer,
  type Http2Server,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { connect as connectTls, createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { encodeProxyV2 } from '../../../src/proxy-header/encode-proxy-header.ts';
import { tlvTypes } from '../../../src/proxy-header/proxy-header.ts';
import { encodeSslFacts, readSslFacts, type SslFacts } from '../../../src/proxy-header/ssl-tlv.ts';
import { type ProxyHeaderResult, parseProxyHeader } from '../../../src/smartproxy/proxy-protocol.ts';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { GrpcClient } from '../../tools/grpc-client.ts';
import { grpcMessage } from '../../tools/grpc-raw-backend.ts';
import { methods } from '../../tools/grpc-services.ts';
import { forwardTo, ingressClass, opaqueSecret, service, smartProxyConfig, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { TcpTalk } from '../../tools/tcp-talk.ts';
import { TestAuthority } from '../../tools/test-authority.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';
import { TlsTalk } from '../../tools/tls-talk.ts';

type Seen = Extract<ProxyHeaderResult, { readonly kind: 'proxied' }>;

/** A server that wants a PROXY header on each connection, and gives what follows it to another server or to `onConnection`. */
class HeaderBackend implements AsyncDisposable {
  readonly headers: Seen[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(onConnection: (socket: Socket) => void) {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('data', (chunk: Buffer) => {
        const header = parseProxyHeader(chunk);
        if (header.kind !== 'proxied') {
          socket.destroy(new Error(`no header: ${JSON.stringify(header)}`));
          return;
        }
        this.headers.push(header);
        socket.pause();
        if (chunk.length > header.bytes) socket.unshift(chunk.subarray(header.bytes));
        onConnection(socket);
      });
    });
  }

  static async start(onConnection: (socket: Socket) => void): Promise<HeaderBackend> {
    const backend = new HeaderBackend(onConnection);
    backend.#server.listen(0, '127.0.0.1');
    await once(backend.#server, 'listening');
    return backend;
  }

  /** In front of a server of HTTP/1.1 or HTTP/2, over TLS or not. */
  static inFrontOf(server: HttpServer | HttpsServer | Http2Server | Http2SecureServer | TlsServer): Promise<HeaderBackend> {
    return HeaderBackend.start((socket) => {
      server.emit('connection', socket);
      // Other servers take what is buffered by themselves, and what flows is lost to them.
      if (server instanceof HttpServer) socket.resume();
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** One HTTP/2 connection of a client, in clear text. */
class Http2Talk {
  readonly session: ClientHttp2Session;

  static start(t: TestContext, port: number): Http2Talk {
    const talk = new Http2Talk(port);
    t.after(() => talk.session.destroy());
    return talk;
  }

  private constructor(port: number) {
    this.session = connectHttp2(`http://127.0.0.1:${port}`);
    this.session.on('error', () => {});
  }

  get port(): number | undefined {
    return this.session.socket.localPort;
  }

  /** Resolves with the body of the answer. */
  ask(path: string): Promise<string> {
    return text(this.session.request({ ':authority': host, ':path': path }));
  }
}

const host = 'shop.example.com';
const webPort = { name: 'web' };
const opening = (proxyProtocol: object, more: object = {}): object => ({ policy: { backend: { proxyProtocol, ...more } } });
const mailRoute = (proxyProtocol: object): string =>
  smartRoute('mail', { listeners: ['mail'], tcp: { backends: [{ name: 'mail', port: webPort }] }, ...opening(proxyProtocol) });
const tlvOf = ({ tlvs }: Seen, type: number): string | undefined => tlvs.find((tlv) => tlv.type === type)?.value.toString();

const sslOf = ({ tlvs }: Seen): SslFacts | undefined => {
  const value = tlvs.find(({ type }) => type === tlvTypes.ssl)?.value;
  return value && readSslFacts(value);
};

/** Greets, and sends back what it gets. */
const greet = (socket: Socket): void => {
  socket.write('220 ready\n');
  socket.pipe(socket);
};

describe('PROXY header to backends', () => {
  for (const version of ['V1', 'V2']) {
    it(`policy.backend.proxyProtocol ${version} opens a TCP connection with its client, before the server speaks`, async () => {
      await using backend = await HeaderBackend.start(greet);
      const config = smartProxyConfig({ listeners: [{ name: 'mail', port: await freePort(), protocol: 'TCP' }] });
      await using program = await Program.start(config + service('mail', backend.port) + mailRoute({ version }));
      assert.deepEqual(program.problems, []);
      using talk = new TcpTalk(program.ports.get('mail') ?? 0);
      await talk.until('220 ready\n');
      talk.socket.write('hello');
      await talk.until('hello');
      const [seen] = backend.headers;
      assert.equal(backend.headers.length, 1);
      assert.deepEqual(seen?.addresses, {
        sourceAddress: '127.0.0.1',
        sourcePort: talk.socket.localPort,
        destinationAddress: '127.0.0.1',
        destinationPort: program.ports.get('mail'),
      });
      assert.deepEqual(seen?.tlvs, []);
    });
  }

  it('the client that a trusted load balancer names is the one that the backend hears of', async () => {
    await using backend = await HeaderBackend.start(greet);
    const listener = { name: 'mail', port: await freePort(), protocol: 'TCP', proxyProtocol: { from: ['127.0.0.1'] } };
    const objects = smartProxyConfig({ listeners: [listener] }) + service('mail', backend.port) + mailRoute({ version: 'V2' });
    await using program = await Program.start(objects);
    using talk = new TcpTalk(program.ports.get('mail') ?? 0);
    talk.socket.write('PROXY TCP6 2001:db8::7 2001:db8::1 1234 25\r\nEHLO');
    await talk.until('EHLO');
    assert.deepEqual(backend.headers[0]?.addresses, {
      sourceAddress: '2001:db8::7',
      sourcePort: 1234,
      destinationAddress: '2001:db8::1',
      destinationPort: 25,
    });
  });

  it('policy.backend.proxyProtocol.tlvs tell server name, protocol, id and checksum of a connection that is passed through', async () => {
    const pem = await makeTestCertificate(host);
    const secure = createHttpsServer(pem, (_request, response) => response.end('secure'));
    await using backend = await HeaderBackend.inFrontOf(secure);
    const all = { version: 'V2', tlvs: ['ALPN', 'Authority', 'UniqueId', 'CRC32C'] };
    const tcp = { backends: [{ name: 'secure', port: webPort }] };
    const route = smartRoute('secure', { hosts: [host], tls: { mode: 'Passthrough' }, tcp, ...opening(all) });
    await using program = await Program.start(ingressClass + service('secure', backend.port) + route);
    const socket = connectTls({
      host: '127.0.0.1',
      port: program.httpsPort,
      servername: host,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: false,
    });
    await once(socket, 'secureConnect');
    const [connection] = program.dataPlane.connections(1);
    socket.destroy();
    const seen = backend.headers[0] as Seen;
    assert.equal(tlvOf(seen, tlvTypes.authority), host);
    assert.equal(tlvOf(seen, tlvTypes.alpn), 'http/1.1');
    assert.equal(tlvOf(seen, tlvTypes.uniqueId), connection?.id);
    // The parser refuses a header whose checksum is wrong.
    assert.equal(seen.tlvs.find(({ type }) => type === tlvTypes.crc32c)?.value.length, 4);
  });

  for (const mode of ['Terminate', 'TerminateAndReencrypt']) {
    it(`what was in TLS that ends here comes after a header that tells of the client and what it agreed on (${mode})`, async () => {
      const isSecure = mode === 'TerminateAndReencrypt';
      const own = createTlsServer(await makeTestCertificate('backend.internal'), greet);
      await using backend = await (isSecure ? HeaderBackend.inFrontOf(own) : HeaderBackend.start(greet));
      const tls = { mode, certificate: { secretRef: { name: 'tls' } }, alpn: ['imap', 'smtp'] };
      const tcp = { backends: [{ name: 'mail', port: webPort }] };
      const header = opening({ version: 'V2', tlvs: ['ALPN', 'Authority', 'UniqueId', 'CRC32C'] });
      const objects = ingressClass + tlsSecret('tls', await makeTestCertificate(host)) + service('mail', backend.port);
      await using program = await Program.start(objects + smartRoute('mail', { hosts: [host], tls, tcp, ...header }));
      using talk = new TlsTalk(program.httpsPort, host, { ALPNProtocols: ['pop3', 'smtp'] });
      await talk.until('220 ready\n');
      talk.socket.write('hello');
      await talk.until('hello');
      const [seen] = backend.headers as [Seen];
      assert.equal(seen.addresses.sourcePort, talk.socket.localPort);
      assert.equal(tlvOf(seen, tlvTypes.alpn), 'smtp');
      assert.equal(tlvOf(seen, tlvTypes.authority), host);
      assert.equal(tlvOf(seen, tlvTypes.uniqueId), program.dataPlane.connections(1)[0]?.id);
    });
  }

  for (const transport of ['handoff', 'loopback']) {
    it(`the SSL TLV tells of TLS that ends here and of whom its certificate names, before TCP and HTTP (${transport})`, async () => {
      const authority = await TestAuthority.make('CN=Shop CA');
      const ada = await authority.issue('CN=ada');
      await using mail = await HeaderBackend.start(greet);
      await using web = await HeaderBackend.inFrontOf(createHttpServer((_request, response) => response.end('well')));
      const hosts = { mail: 'mail.example.com', shop: host };
      const clientAuth = { mode: 'Optional', caRef: { name: 'ca' } };
      const tls = { mode: 'Terminate', certificate: { secretRef: { name: 'tls' } }, clientAuth };
      const header = opening({ version: 'V2', tlvs: ['SSL', 'CRC32C'] });
      const tcp = { backends: [{ name: 'mail', port: webPort }] };
      const http = { rules: [{ name: 'all', action: forwardTo('web') }] };
      const objects =
        ingressClass +
        opaqueSecret('ca', { 'ca.crt': authority.ca }) +
        tlsSecret('tls', await makeTestCertificate('*.example.com')) +
        service('mail', mail.port) +
        service('web', web.port) +
        smartRoute('mail', { hosts: [hosts.mail], tls, tcp, ...header }) +
        smartRoute('shop', { hosts: [hosts.shop], tls, http, ...header });
      await using program = await Program.start(objects, [`--network-proxy-transport=${transport}`]);
      assert.deepEqual(program.problems, []);
      for (const certificate of [ada, undefined]) {
        using talk = new TlsTalk(program.httpsPort, hosts.mail, { ...certificate, maxVersion: 'TLSv1.2' });
        await talk.until('220 ready\n');
        await program.ask(hosts.shop, '/', { tls: true, ...(certificate && { certificate }) });
        const [ofMail, ofShop] = [mail.headers.at(-1), web.headers.at(-1)].map((seen) => sslOf(seen as Seen));
        assert.equal(ofMail?.version?.toString(), 'TLSv1.2');
        assert.equal(ofMail?.cipher?.toString(), talk.tls.getCipher().name);
        assert.equal(ofShop?.version?.toString(), 'TLSv1.3');
        const named = certificate && { commonName: Buffer.from('ada'), isVerified: true, isOfHandshake: true };
        assert.deepEqual([ofMail?.certificate, ofShop?.certificate], [named, named]);
      }
    });

    it(`what a load balancer's header says beside the address is in the log and the list, and goes on to backends (${transport})`, async () => {
      await using mail = await HeaderBackend.start(greet);
      await using web = await HeaderBackend.inFrontOf(createHttpServer((_request, response) => response.end('well')));
      const from = { proxyProtocol: { from: ['127.0.0.1'] } };
      const listeners = [
        { name: 'mail', port: await freePort(), protocol: 'TCP', ...from },
        { name: 'plain', port: await freePort(), protocol: 'HTTP', ...from },
      ];
      const header = opening({ version: 'V2', tlvs: ['ALPN', 'Authority', 'SSL'] });
      const http = { rules: [{ name: 'all', action: forwardTo('web') }] };
      const objects =
        smartProxyConfig({ listeners }) +
        service('mail', mail.port) +
        service('web', web.port) +
        smartRoute('mail', { listeners: ['mail'], tcp: { backends: [{ name: 'mail', port: webPort }] }, ...header }) +
        smartRoute('shop', { listeners: ['plain'], http, ...header });
      await using program = await Program.start(objects, [`--network-proxy-transport=${transport}`]);
      const certificate = { commonName: Buffer.from('ada\n'), isVerified: true, isOfHandshake: true };
      const ssl = encodeSslFacts({ version: Buffer.from('TLSv1.3'), cipher: undefined, certificate });
      const tlvs = [
        { type: tlvTypes.alpn, value: Buffer.from('smtp') },
        { type: tlvTypes.authority, value: Buffer.from(host) },
        { type: tlvTypes.uniqueId, value: Buffer.from('lb-7') },
        { type: tlvTypes.ssl, value: ssl },
        { type: tlvTypes.aws, value: Buffer.from('\x01vpce-1') },
      ];
      const addresses = { sourceAddress: '192.0.2.9', sourcePort: 9, destinationAddress: '192.0.2.1', destinationPort: 443 };
      const told = {
        ...{ alpn: 'smtp', authority: host, uniqueId: 'lb-7', awsVpcEndpoint: 'vpce-1' },
        tls: { version: 'TLSv1.3', commonName: 'ada\\x0a', verified: true },
      };
      using talk = new TcpTalk(program.ports.get('mail') ?? 0);
      talk.socket.write(encodeProxyV2(addresses, tlvs));
      await talk.until('220 ready\n');
      using asks = new TcpTalk(program.ports.get('plain') ?? 0);
      asks.socket.write(encodeProxyV2(addresses, tlvs));
      asks.socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
      await asks.until('well');
      assert.deepEqual(program.dataPlane.connections(10, { listener: 'mail' })[0]?.proxied, told);
      for (const seen of [mail.headers[0], web.headers[0]] as Seen[]) {
        assert.deepEqual([tlvOf(seen, tlvTypes.alpn), tlvOf(seen, tlvTypes.authority)], ['smtp', host]);
        assert.deepEqual(seen.tlvs.find(({ type }) => type === tlvTypes.ssl)?.value, ssl);
        assert.equal(tlvOf(seen, tlvTypes.uniqueId), undefined);
      }
      talk.socket.end();
      const lines = await program.finish();
      const of = (type: string): unknown => lines.find((line) => line.type === type)?.proxied;
      assert.deepEqual([of('connection'), of('request')], [told, told]);
    });
  }

  it('each request has a connection of its own, those of one client as well', async () => {
    const server = createHttpServer((request, response) => {
      request.resume();
      response.end(request.url);
    });
    await using backend = await HeaderBackend.inFrontOf(server);
    const rules = [{ name: 'all', action: forwardTo('web') }];
    const route = smartRoute('shop', { hosts: [host], http: { rules }, ...opening({ version: 'V2', tlvs: ['UniqueId'] }) });
    await using program = await Program.start(ingressClass + service('web', backend.port) + route);
    using client = new TcpTalk(program.httpPort);
    for (const path of ['/one', '/two']) {
      client.socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
      await client.until(path);
    }
    assert.equal((await program.ask(host, '/three', { method: 'POST', body: 'x'.repeat(100_000) })).body, '/three');
    const ports = backend.headers.map(({ addresses }) => addresses.sourcePort);
    assert.equal(ports.length, 3);
    assert.deepEqual(ports.slice(0, 2), [client.socket.localPort, client.socket.localPort]);
    assert.notEqual(ports[2], ports[0]);
    assert.equal(tlvOf(backend.headers[0] as Seen, tlvTypes.uniqueId), program.dataPlane.connections(1)[0]?.id);
    await eventually('none is kept', () => program.dataPlane.snapshot().upstreamIdle === 0);
  });

  it('the header comes before TLS to a backend, and what is large comes back whole', async () => {
    const [own, front] = [await makeTestCertificate('backend.internal'), await makeTestCertificate(host)];
    const large = Buffer.alloc(3_000_000, 'large ');
    const secure = createHttpsServer(own, (request, response) => {
      request.resume();
      response.end(large);
    });
    await using backend = await HeaderBackend.inFrontOf(secure);
    const tls = { mode: 'TerminateAndReencrypt', certificate: { secretRef: { name: 'tls' } } };
    const rules = [{ name: 'all', action: forwardTo('web') }];
    const header = { version: 'V2', tlvs: ['ALPN', 'Authority', 'CRC32C'] };
    const route = smartRoute('shop', { hosts: [host], tls, http: { rules }, ...opening(header) });
    await using program = await Program.start(ingressClass + tlsSecret('tls', front) + service('web', backend.port) + route);
    for (let count = 0; count < 2; count++) assert.equal((await program.ask(host, '/', { tls: true })).body, large.toString());
    const seen = backend.headers[0] as Seen;
    assert.equal(tlvOf(seen, tlvTypes.authority), host);
    assert.equal(backend.headers.length, 2);
  });

  /** A route for everything of one Service that speaks HTTP/2. */
  const http2Route = (protocol: 'H2' | 'H2C', proxyProtocol: object, more: object = {}): string =>
    smartRoute('shop', {
      hosts: [host],
      http: { rules: [{ name: 'all', action: forwardTo('web') }] },
      ...opening(proxyProtocol, { protocol }),
      ...more,
    });

  it('over HTTP/2 the requests of one client share a connection, and no other client is on it', async (t) => {
    const server = createHttp2Server((request, response) => response.end(request.url));
    await using backend = await HeaderBackend.inFrontOf(server);
    const objects = ingressClass + service('web', backend.port) + http2Route('H2C', { version: 'V2', tlvs: ['UniqueId'] });
    await using program = await Program.start(objects, ['--h2c']);
    assert.deepEqual(program.problems, []);
    const [first, second] = [Http2Talk.start(t, program.httpPort), Http2Talk.start(t, program.httpPort)];
    assert.deepEqual(await Promise.all(['/1', '/2', '/3'].map((path) => first.ask(path))), ['/1', '/2', '/3']);
    assert.equal(await first.ask('/4'), '/4');
    assert.equal(await second.ask('/5'), '/5');
    using third = new TcpTalk(program.httpPort);
    for (const path of ['/6', '/7']) {
      third.socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
      await third.until(path);
    }
    const clients = [first.port, second.port, third.socket.localPort];
    assert.deepEqual(
      backend.headers.map(({ addresses }) => addresses.sourcePort),
      clients,
    );
    assert.equal(new Set(backend.headers.map((header) => tlvOf(header, tlvTypes.uniqueId))).size, 3);
  });

  it("over HTTP/2 a connection ends with its client, whose address is somebody else's after that", async (t) => {
    const server = createHttp2Server((request, response) => response.end(request.url));
    await using backend = await HeaderBackend.inFrontOf(server);
    await using program = await Program.start(ingressClass + service('web', backend.port) + http2Route('H2C', { version: 'V1' }), [
      '--h2c',
    ]);
    const talk = Http2Talk.start(t, program.httpPort);
    await talk.ask('/');
    assert.equal(program.dataPlane.snapshot().upstreamIdle, 1);
    talk.session.close();
    await eventually('it is gone', () => program.dataPlane.snapshot().upstreamIdle === 0);
    assert.equal(backend.headers.length, 1);
  });

  it('over HTTP/2 a client has as many connections as its requests need, each with the header', async (t) => {
    const waiting: Http2ServerResponse[] = [];
    const server = createHttp2Server({ settings: { maxConcurrentStreams: 2 } }, (_request, response) => waiting.push(response));
    await using backend = await HeaderBackend.inFrontOf(server);
    await using program = await Program.start(ingressClass + service('web', backend.port) + http2Route('H2C', { version: 'V1' }), [
      '--h2c',
    ]);
    const talk = Http2Talk.start(t, program.httpPort);
    const answers = Promise.all(['/1', '/2', '/3', '/4', '/5'].map((path) => talk.ask(path)));
    await eventually('all are there', () => waiting.length === 5);
    for (const response of waiting) response.end('well');
    assert.deepEqual(new Set(await answers), new Set(['well']));
    assert.ok(backend.headers.length >= 3, `${backend.headers.length} connections`);
    assert.deepEqual(new Set(backend.headers.map(({ addresses }) => addresses.sourcePort)), new Set([talk.port]));
  });

  it('the header comes before TLS to an HTTP/2 backend, and gRPC calls arrive behind it', async () => {
    const [own, front] = [await makeTestCertificate('backend.internal'), await makeTestCertificate(host)];
    const secure = createSecureHttp2Server(own);
    secure.on('stream', (stream: ServerHttp2Stream) => {
      stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(grpcMessage(''));
    });
    await using backend = await HeaderBackend.inFrontOf(secure);
    const tls = { mode: 'Terminate', certificate: { secretRef: { name: 'tls' } } };
    const header = { version: 'V2', tlvs: ['ALPN', 'Authority', 'CRC32C'] };
    const objects = ingressClass + tlsSecret('tls', front) + service('web', backend.port) + http2Route('H2', header, { tls });
    await using program = await Program.start(objects);
    using client = new GrpcClient(
      { address: `ipv4:127.0.0.1:${program.httpsPort}`, authority: host, ca: front.cert },
      { 'grpc.default_authority': host },
    );
    for (let call = 0; call < 3; call++) {
      const { code, details } = await client.unary(methods.emptyCall, {}).outcome;
      assert.equal(code, status.OK, details);
    }
    assert.equal(backend.headers.length, 1);
    assert.equal(tlvOf(backend.headers[0] as Seen, tlvTypes.alpn), 'h2');
    assert.equal(tlvOf(backend.headers[0] as Seen, tlvTypes.authority), host);
  });

  it('an upgraded connection keeps its header and its own connection', async () => {
    const server = createHttpServer();
    server.on('upgrade', (_request, socket: Socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nwelcome');
      socket.pipe(socket);
    });
    await using backend = await HeaderBackend.inFrontOf(server);
    const rules = [{ name: 'all', action: forwardTo('web') }];
    const route = smartRoute('shop', { hosts: [host], http: { rules }, ...opening({ version: 'V1' }) });
    await using program = await Program.start(ingressClass + service('web', backend.port) + route);
    const request = httpRequest({
      host: '127.0.0.1',
      port: program.httpPort,
      headers: {
        host,
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    });
    request.end();
    const [, socket, head] = (await once(request, 'upgrade')) as [unknown, Socket, Buffer];
    let text = head.toString();
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.write('again');
    await eventually('the tunnel talks', () => text.includes('welcome') && text.includes('again'));
    assert.equal(backend.headers.length, 1);
    socket.destroy();
  });
});
