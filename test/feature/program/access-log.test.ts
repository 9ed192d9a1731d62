import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { forwardTo, ingress, ingressClass, service, smartProxyConfig, smartRoute, tlsSecret, udpService } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { assertBooks } from '../../tools/program-books.ts';
import { ScriptedBackend } from '../../tools/scripted-backend.ts';
import { genuineHello } from '../../tools/smartproxy/client-hello-bytes.ts';
import { TcpBackend, TcpTalk } from '../../tools/tcp-talk.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';

describe('access log and spans, objects in and real sockets out', () => {
  const backendOf = (t: TestContext) => ScriptedBackend.start(t, (_request, response) => response.end('hello'));

  it('accessLog false leaves a rule out of the log, and enable-access-log an Ingress', async (t) => {
    const { port } = await backendOf(t);
    const rules = [
      { name: 'quiet', matches: [{ path: { type: 'Prefix', value: '/quiet' } }], policy: { accessLog: false }, action: forwardTo('s') },
      { name: 'all', action: forwardTo('s') },
    ];
    const shop = smartRoute('shop', { hosts: [host], policy: { accessLog: true }, http: { rules } });
    const other = ingress('other', {
      rules: { 'other.example.com': [['/', 'Prefix', 's']] },
      annotations: { 'smartproxy.dev/enable-access-log': 'false' },
    });
    await using program = await Program.start(ingressClass + service('s', port) + shop + other);
    assert.equal((await program.ask(host, '/quiet')).body, 'hello');
    assert.equal((await program.ask('other.example.com', '/')).body, 'hello');
    assert.equal((await program.ask(host, '/loud')).body, 'hello');
    const { requests } = program.dataPlane.snapshot();
    assert.equal(requests.length >= 2, true, 'they are counted all the same');
    assert.deepEqual(
      (await program.finish()).map(({ path }) => path),
      ['/loud'],
    );
  });

  it('accessLog false leaves connections and UDP sessions of a route out of the log, those that are refused too', async (t) => {
    const echo = await TcpBackend.start((socket) => socket.pipe(socket));
    t.after(() => echo[Symbol.asyncDispose]());
    const tcp = { backends: [{ name: 's', port: { name: 'web' } }] };
    const names = ['quiet', 'loud', 'datagrams', 'more'];
    const listeners = [];
    for (const name of names)
      listeners.push({ name, port: await freePort(), protocol: name === 'quiet' || name === 'loud' ? 'TCP' : 'UDP' });
    const policies = [{ accessLog: false, clients: { deny: ['192.0.2.1'] } }, {}];
    const udp = { backends: [{ name: 'dns', port: { name: 'dns' } }] };
    const routes = names.map((name, index) =>
      smartRoute(name, { listeners: [name], policy: policies[index % 2], ...(index < 2 ? { tcp } : { udp }) }),
    );
    const passed = smartRoute('passed', { hosts: [host], tls: { mode: 'Passthrough' }, policy: { accessLog: false }, tcp });
    const objects =
      smartProxyConfig({ listeners }) + service('s', echo.port) + udpService('dns', await freePort()) + routes.join('') + passed;
    await using program = await Program.start(objects);
    assert.deepEqual(program.problems, []);
    const say = async (port: number, bytes: string | Buffer): Promise<void> => {
      using talk = new TcpTalk(port);
      talk.socket.write(bytes);
      await eventually('it is answered', () => talk.text.length > 0);
    };
    for (const name of ['quiet', 'loud']) await say(program.ports.get(name) ?? 0, 'hello');
    await say(program.httpsPort, await genuineHello(host));
    const client = createSocket('udp4');
    t.after(() => client.close());
    for (const name of ['datagrams', 'more']) client.send('hello', program.ports.get(name) ?? 0, '127.0.0.1');
    await eventually('both have a session', () => program.dataPlane.snapshot().udpSessionsOpened === 2);
    await program.apply(
      smartRoute('quiet', { listeners: ['quiet'], policy: { accessLog: false, clients: { deny: ['127.0.0.0/8'] } }, tcp }),
    );
    using refused = new TcpTalk(program.ports.get('quiet') ?? 0);
    await refused.untilEnd();
    await eventually('all connections are gone', () => assertBooks(program).connectionsActive === 0);
    const lines = await program.finish();
    assert.deepEqual(lines.map(({ type, listener }) => [type, listener]).sort(), [
      ['connection', 'loud'],
      ['session', 'more'],
    ]);
  });

  it('a line has what was agreed in TLS', async (t) => {
    const { port } = await backendOf(t);
    const tls = { mode: 'Terminate', certificate: { secretRef: { name: 'shop-tls' } } };
    const route = smartRoute('shop', { hosts: [host], tls, http: { rules: [{ name: 'all', action: forwardTo('s') }] } });
    const secret = tlsSecret('shop-tls', await makeTestCertificate(host));
    await using program = await Program.start(ingressClass + service('s', port) + secret + route);
    assert.equal((await program.ask(host, '/', { tls: true })).body, 'hello');
    const [line] = await program.finish();
    assert.deepEqual([line?.serverName, line?.tlsVersion], [host, 'TLSv1.3']);
    assert.match(String(line?.tlsCipher), /^TLS_/);
  });

  describe('by the SmartProxyConfig, while the program runs', () => {
    const found = smartRoute('shop', {
      hosts: [host],
      http: { rules: [{ name: 'all', action: { respond: { status: 200, body: 'x' } } }] },
    });
    const config = (accessLog: object): string => smartProxyConfig({ accessLog });

    it('accessLog.mode of the SmartProxyConfig comes before the option, for what ends from then on', async () => {
      await using program = await Program.start(smartProxyConfig({}) + found, ['--access-log=off']);
      // A connection without a request is a line of its own.
      const broken = async (): Promise<void> => {
        const socket = connect(program.httpsPort, '127.0.0.1');
        socket.end('no TLS\r\n\r\n').resume();
        await once(socket, 'close');
      };
      const ask = async (path: string): Promise<void> => {
        await program.ask(host, path);
        await program.ask('nobody.example.com', path);
        await broken();
      };
      await ask('/off');
      await program.apply(config({ mode: 'Errors' }));
      await ask('/errors');
      await program.apply(config({ mode: 'All' }));
      await ask('/all');
      await program.apply(config({ mode: 'Off' }));
      await ask('/off-again');
      await program.apply(config({ format: 'JSON' }));
      await ask('/as-the-option');
      const lines = await program.finish();
      assert.deepEqual(
        lines.map(({ type, host: asked, path }) => (type === 'request' ? `${asked}${path}` : type)),
        ['nobody.example.com/errors', 'connection', `${host}/all`, 'nobody.example.com/all', 'connection'],
      );
    });

    it('accessLog.format of the SmartProxyConfig is that of the next line', async () => {
      await using program = await Program.start(smartProxyConfig({}) + found);
      await program.ask(host, '/one?x=1');
      await program.apply(config({ format: 'IngressNginx' }));
      await program.ask(host, '/two?x=1');
      await program.apply(config({ format: 'JSON' }));
      await program.ask(host, '/three?x=1');
      const [one, two, three] = await program.finishText();
      assert.equal(JSON.parse(String(one)).path, '/one');
      assert.match(String(two), /^127\.0\.0\.1 - - \[.*\] "GET \/two\?x=1 HTTP\/1\.1" 200 /);
      assert.equal(JSON.parse(String(three)).path, '/three');
    });
  });

  it('spans of sampled requests go to a collector, with the client above and the backend below', async (t) => {
    const received: Record<string, unknown>[] = [];
    const collector = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      request.once('end', () => {
        for (const { scopeSpans } of JSON.parse(text).resourceSpans) for (const { spans } of scopeSpans) received.push(...spans);
        response.end('{}');
      });
    });
    collector.listen(0, '127.0.0.1');
    await once(collector, 'listening');
    t.after(() => {
      collector.closeAllConnections();
      collector.close();
    });
    const backend = await backendOf(t);
    const route = smartRoute('shop', { hosts: [host], http: { rules: [{ name: 'all', action: forwardTo('s') }] } });
    const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
    await using program = await Program.start(ingressClass + service('s', backend.port) + route, [
      ...['--otlp-endpoint', endpoint, '--otlp-service-name', 'edge', '--otlp-sample-ratio', '0'],
    ]);
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${trace}-b7ad6b7169203331-01`, tracestate: 'a=1' };
    assert.equal((await program.ask(host, '/sampled', { headers })).body, 'hello');
    assert.equal(
      (await program.ask(host, '/not', { headers: { ...headers, traceparent: headers.traceparent.replace(/1$/, '0') } })).body,
      'hello',
    );
    assert.equal((await program.ask(host, '/begun')).body, 'hello');
    const [sampled, not, begun] = backend.received;
    assert.match(String(sampled?.headers.traceparent), new RegExp(`^00-${trace}-[\\da-f]{16}-01$`));
    assert.notEqual(sampled?.headers.traceparent, headers.traceparent);
    assert.equal(sampled?.headers.tracestate, 'a=1');
    assert.match(String(not?.headers.traceparent), /-00$/);
    assert.match(String(begun?.headers.traceparent), /-00$/, 'none of those that begin here is sampled');
    await program.dataPlane.drain(0);
    await eventually('the span is taken', () => program.dataPlane.snapshot().spans[0] === 1);
    assert.equal(received.length, 1);
    const [span] = received;
    assert.deepEqual([span?.traceId, span?.parentSpanId, span?.kind], [trace, 'b7ad6b7169203331', 2]);
    assert.equal(String(sampled?.headers.traceparent).split('-')[2], span?.spanId, 'the backend is below our span');
    const lines = await program.finish();
    assert.deepEqual([lines[0]?.traceId, lines[0]?.spanId], [trace, span?.spanId]);
  });
});
