import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { acceptOf } from '../../../src/networkproxy/http2/websocket-key.ts';
import { eventually } from '../../tools/eventually.ts';
import { forwardTo, ingressClass, service, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { assertBooks, endings } from '../../tools/program-books.ts';
import { probedInSeconds } from '../../tools/tcp-probe.ts';
import { TcpTalk } from '../../tools/tcp-talk.ts';
import { Http2Client } from '../networkproxy/http2-client.ts';

const host = 'shop.example.com';
const patient = ['--keep-alive-timeout=10m', '--tunnel-idle-timeout=10m', '--h2c'];

/** A SmartRoute of the host, with a rule for what begins with its path. */
const routeOf = (name: string, path: string, more: object, policy: object = {}): string =>
  smartRoute(name, {
    hosts: [host],
    ...more,
    http: { rules: [{ name: 'all', matches: [{ path: { type: 'Prefix', value: path } }], policy, action: forwardTo('web') }] },
  });

/** A connection of HTTP/1.1. */
class Http1 implements Disposable {
  readonly talk: TcpTalk;

  constructor(program: Program) {
    this.talk = new TcpTalk(program.httpPort);
  }

  /** Whether its answer tells that it is the last. */
  async ask(path: string): Promise<boolean> {
    const from = this.talk.text.length;
    this.talk.socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    await eventually('the answer', () => this.talk.text.slice(from).endsWith('hello'));
    return /\r\nconnection: close\r\n/i.test(this.talk.text.slice(from));
  }

  get ended(): boolean {
    return this.talk.ended || this.talk.closed;
  }

  [Symbol.dispose](): void {
    this.talk[Symbol.dispose]();
  }
}

/** A WebSocket over HTTP/1.1. */
async function webSocket(program: Program, path: string): Promise<TcpTalk> {
  const talk = new TcpTalk(program.httpPort);
  talk.socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: x\r\n\r\n`);
  await talk.until('begun');
  return talk;
}

/** A WebSocket over HTTP/2, and how its stream ended. */
async function webSocketOverHttp2(client: Http2Client, path: string) {
  const stream = client.open(
    path,
    { method: 'CONNECT', authority: host, headers: { ':protocol': 'websocket', 'sec-websocket-version': '13' } },
    false,
  );
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  await eventually('it is open', () => text === 'begun');
  return { say: (word: string) => void stream.write(word), text: () => text, code: () => (stream.closed ? stream.rstCode : undefined) };
}

describe('connection of a SmartRoute with http', () => {
  let server: Server;
  const upgraded = new Set<Socket>();
  let objects: string;

  before(async () => {
    server = createServer((request, response) => {
      if (request.url?.endsWith('/slow') === true) setTimeout(() => response.end('hello'), 1500);
      else response.end('hello');
    });
    server.keepAliveTimeout = 120_000;
    server.on('upgrade', (request, socket: Socket) => {
      upgraded.add(socket);
      socket.on('error', () => {}).on('close', () => upgraded.delete(socket));
      const accept = acceptOf(String(request.headers['sec-websocket-key']));
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept}\r\n\r\nbegun`,
      );
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    objects = ingressClass + service('web', (server.address() as AddressInfo).port);
  });

  after(() => {
    for (const socket of upgraded) socket.destroy();
    server.closeAllConnections();
    server.close();
  });

  const untilEnding = (program: Program, ending: string, count = 1): Promise<unknown> =>
    eventually(`${count} times ${ending}`, () => endings(program)[ending] === count);

  it('idleTimeout ends a connection without requests by the route of its last one, and a WebSocket without tunnelIdle', async () => {
    const routes = [
      routeOf('quick', '/', { connection: { idleTimeout: '500ms' } }),
      routeOf('tunnel', '/tunnel', { connection: { idleTimeout: '500ms' } }, { timeouts: { tunnelIdle: '5m' } }),
      routeOf('plain', '/plain', {}),
    ];
    await using program = await Program.start(objects + routes.join(''), patient);
    assert.deepEqual(program.problems, []);
    using quick = new Http1(program);
    using plain = new Http1(program);
    await quick.ask('/plain');
    await quick.ask('/');
    await plain.ask('/');
    await plain.ask('/plain');
    await using overHttp2 = await Http2Client.connect(program.httpPort);
    assert.equal((await overHttp2.ask('/', { authority: host })).body, 'hello');
    await untilEnding(program, 'proxy/inactivity', 2);
    assert.equal(quick.ended, true);
    assert.equal(overHttp2.goaway, 0);

    using kept = await webSocket(program, '/tunnel');
    using silent = await webSocket(program, '/');
    await silent.untilEnd();
    await untilEnding(program, 'proxy/inactivity', 3);
    kept.socket.write('still');
    await kept.until('still');
    assert.equal(await plain.ask('/plain'), false);
    assertBooks(program);
  });

  it('maxLifetime ends a connection in order, and a WebSocket that is busy', async () => {
    await using program = await Program.start(objects + routeOf('old', '/', { connection: { maxLifetime: '1s' } }), patient);
    using asking = new Http1(program);
    using idle = new Http1(program);
    const answers: boolean[] = [await asking.ask('/'), await idle.ask('/')];
    assert.deepEqual(answers, [false, false]);
    // It is too old before its answer comes.
    assert.equal(await asking.ask('/slow'), true);
    await eventually('both ends', () => asking.ended && idle.ended);
    await untilEnding(program, 'proxy/connection_timeout', 2);

    await using overHttp2 = await Http2Client.connect(program.httpPort);
    assert.equal((await overHttp2.ask('/slow', { authority: host })).body, 'hello');
    await eventually('its end', () => overHttp2.session.destroyed);
    assert.equal(overHttp2.goaway, 0);
    await untilEnding(program, 'proxy/connection_timeout', 3);

    using busy = await webSocket(program, '/');
    const timer = setInterval(() => busy.socket.write('x'), 20);
    await busy.untilEnd();
    clearInterval(timer);
    await untilEnding(program, 'proxy/connection_timeout', 4);
    assertBooks(program);
  });

  it('keepAlive Extended outlives Standard six times, Immortal outlives both, and both sides are probed by TCP', async () => {
    const routes = ['Standard', 'Extended', 'Immortal'].map((keepAlive) =>
      routeOf(keepAlive.toLowerCase(), `/${keepAlive}`, { connection: { idleTimeout: '400ms', maxLifetime: '1h', keepAlive } }),
    );
    await using program = await Program.start(objects + routes.join(''), patient);
    const startedMs = performance.now();
    using extended = new Http1(program);
    using immortal = new Http1(program);
    await extended.ask('/Extended');
    await immortal.ask('/Immortal');
    using silent = await webSocket(program, '/Extended');
    using forEver = await webSocket(program, '/Immortal');
    using standard = new Http1(program);
    await standard.ask('/Standard');
    await eventually('the end of the connection of Standard', () => standard.ended);
    const [outgoing] = [...upgraded].slice(-1);
    await eventually('all is acknowledged, and timers are for probes', () => {
      const client = probedInSeconds(program.httpPort, forEver.socket.localPort ?? 0);
      const requests = probedInSeconds(program.httpPort, immortal.talk.socket.localPort ?? 0);
      const backend = probedInSeconds(outgoing?.remotePort ?? 0, (server.address() as AddressInfo).port);
      return [client, requests, backend].every((seconds) => seconds <= 60);
    });
    assert.equal(extended.ended || silent.ended, false);
    await eventually('the end of those of Extended', () => extended.ended && silent.ended);
    assert.ok(performance.now() - startedMs > 2200);
    await untilEnding(program, 'proxy/inactivity', 3);
    await immortal.ask('/Immortal');
    forEver.socket.write('for ever');
    await forEver.until('for ever');
  });

  it('whenRemoved Drain lets WebSockets finish and ends the rest, Cut ends them at once, and without it they live on', async () => {
    const [draining, cutting] = [
      routeOf('one', '/one', { connection: { whenRemoved: 'Drain' } }),
      routeOf('two', '/two', { connection: { whenRemoved: 'Cut' } }),
    ];
    const plain = routeOf('three', '/three', {});
    const config = smartProxyConfig({ drain: { timeout: '3s' } });
    await using program = await Program.start(objects + config + draining + cutting + plain, patient);
    using late = await webSocket(program, '/one');
    using finishing = await webSocket(program, '/one');
    using cut = await webSocket(program, '/two');
    using living = await webSocket(program, '/three');
    await using client = await Http2Client.connect(program.httpPort);
    const cutStream = await webSocketOverHttp2(client, '/two');
    const lateStream = await webSocketOverHttp2(client, '/one');

    await program.remove('SmartRoute', 'default/two');
    await cut.untilEnd();
    await untilEnding(program, 'proxy/route_removed');
    await eventually('the stream of the same route ends in order', () => cutStream.code() === 0);

    await program.remove('SmartRoute', 'default/three');
    await program.remove('SmartRoute', 'default/one');
    await program.apply(draining);
    late.socket.write('it came back');
    await late.until('it came back');
    await program.remove('SmartRoute', 'default/one');
    finishing.socket.end();
    await finishing.untilEnd();
    assert.equal(lateStream.code(), undefined);
    await late.untilEnd();
    await untilEnding(program, 'proxy/route_removed', 2);
    await eventually('the stream of the same route ends in order', () => lateStream.code() === 0);
    living.socket.write('still here');
    await living.until('still here');
    assert.equal((await client.ask('/one', { authority: host })).status, 404, 'its connection goes on');
    assertBooks(program);
  });

  it('over the loopback transport, ends have the same reasons', async () => {
    const routes = [
      routeOf('idle', '/idle', { connection: { idleTimeout: '400ms' } }),
      routeOf('old', '/old', { connection: { maxLifetime: '500ms' } }),
      routeOf('gone', '/gone', { connection: { whenRemoved: 'Cut' } }),
    ];
    await using program = await Program.start(objects + routes.join(''), [...patient, '--network-proxy-transport=loopback']);
    using idle = new Http1(program);
    using old = new Http1(program);
    await idle.ask('/idle');
    await old.ask('/old');
    using gone = await webSocket(program, '/gone');
    await program.remove('SmartRoute', 'default/gone');
    await gone.untilEnd();
    await eventually('both ends', () => idle.ended && old.ended);
    await eventually('their reasons', () => Object.keys(endings(program)).length === 3);
    assert.deepEqual(endings(program), { 'proxy/inactivity': 1, 'proxy/connection_timeout': 1, 'proxy/route_removed': 1 });
  });

  it('defaults of the installation are for connections that go to a backend as a whole alone', async () => {
    const config = smartProxyConfig({ defaults: { connection: { idleTimeout: '300ms', maxLifetime: '300ms', whenRemoved: 'Cut' } } });
    await using program = await Program.start(objects + config + routeOf('plain', '/', {}), patient);
    using asking = new Http1(program);
    await asking.ask('/');
    using open = await webSocket(program, '/');
    assert.equal(await asking.ask('/slow'), false);
    await program.remove('SmartRoute', 'default/plain');
    open.socket.write('still here');
    await open.until('still here');
    assert.deepEqual(endings(program), {});
  });
});
