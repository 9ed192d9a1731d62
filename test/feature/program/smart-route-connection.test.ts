import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { service, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { assertBooks, endings } from '../../tools/program-books.ts';
import { probedInSeconds } from '../../tools/tcp-probe.ts';
import { TcpBackend, TcpTalk } from '../../tools/tcp-talk.ts';

/** A route that takes listener `name` to the echoing backend, with these limits. */
const routeOf = (name: string, connection: object): string =>
  smartRoute(name, { listeners: [name], connection, tcp: { backends: [{ name: 'echo', port: { name: 'web' } }] } });

describe('connection of a SmartRoute', () => {
  let backend: TcpBackend;
  let objects: string;

  before(async () => {
    backend = await TcpBackend.start((socket) => socket.pipe(socket));
    const listeners = [];
    for (const name of ['one', 'two', 'three']) listeners.push({ name, port: await freePort(), protocol: 'TCP' });
    objects = smartProxyConfig({ listeners }) + service('echo', backend.port);
  });

  after(() => backend[Symbol.asyncDispose]());

  const talkTo = (program: Program, name: string): TcpTalk => new TcpTalk(program.ports.get(name) ?? 0);
  const say = async (talk: TcpTalk, text: string): Promise<void> => {
    talk.socket.write(text);
    await talk.until(text);
  };
  const untilEnding = (program: Program, ending: string, count = 1): Promise<unknown> =>
    eventually(`${count} times ${ending}`, () => endings(program)[ending] === count);

  it('idleTimeout ends a silent connection, and one that speaks lives on', async () => {
    await using program = await Program.start(objects + routeOf('one', { idleTimeout: '2s' }));
    assert.deepEqual(program.problems, []);
    using speaking = talkTo(program, 'one');
    using silent = talkTo(program, 'one');
    await say(silent, 'hello');
    const timer = setInterval(() => speaking.socket.write('x'), 50);
    await silent.untilEnd();
    clearInterval(timer);
    await untilEnding(program, 'proxy/inactivity');
    await say(speaking, 'still here');
  });

  it('maxLifetime ends a connection that is busy', async () => {
    await using program = await Program.start(objects + routeOf('one', { maxLifetime: '500ms' }));
    using talk = talkTo(program, 'one');
    const timer = setInterval(() => talk.socket.write('x'), 20);
    await talk.untilEnd();
    clearInterval(timer);
    await untilEnding(program, 'proxy/connection_timeout');
  });

  it('firstDataTimeout ends a connection whose client says nothing; after its first byte the idle time holds', async () => {
    const routes =
      routeOf('one', { firstDataTimeout: '1s', idleTimeout: '0s' }) + routeOf('two', { firstDataTimeout: '1s', idleTimeout: '2s' });
    await using program = await Program.start(objects + routes);
    using spoke = talkTo(program, 'one');
    await say(spoke, 'hello');
    using once = talkTo(program, 'two');
    await say(once, 'hello');
    using silent = talkTo(program, 'one');
    await silent.untilEnd();
    await untilEnding(program, 'proxy/initial_timeout');
    await once.untilEnd();
    await untilEnding(program, 'proxy/inactivity');
    await say(spoke, 'again');
  });

  it('keepAlive Extended outlives Standard six times, and Immortal outlives both', async () => {
    const routes = [
      routeOf('one', { idleTimeout: '400ms', keepAlive: 'Standard' }),
      routeOf('two', { idleTimeout: '400ms', keepAlive: 'Extended', maxLifetime: '400ms' }),
      routeOf('three', { idleTimeout: '400ms', keepAlive: 'Immortal', maxLifetime: '400ms' }),
    ];
    await using program = await Program.start(objects + routes.join(''));
    using extended = talkTo(program, 'two');
    using immortal = talkTo(program, 'three');
    const startedMs = performance.now();
    await Promise.all([say(extended, 'hello'), say(immortal, 'hello')]);
    using standard = talkTo(program, 'one');
    await standard.untilEnd();
    await extended.untilEnd();
    // Not before its time, however late a busy machine tells of it: six times 400 ms, and 5 % less.
    assert.ok(performance.now() - startedMs > 2200);
    await untilEnding(program, 'proxy/inactivity', 2);
    await say(immortal, 'for ever');
  });

  for (const [keepAlive, isProbed] of [
    ['Standard', false],
    ['Extended', true],
    ['Immortal', true],
  ] as const) {
    it(`keepAlive ${keepAlive}: ${isProbed ? 'both sides are' : 'no side is'} probed by TCP after a minute of silence`, async () => {
      await using echo = await TcpBackend.start((socket) => socket.pipe(socket));
      await using program = await Program.start(objects + service('echo', echo.port) + routeOf('one', { keepAlive }));
      using talk = talkTo(program, 'one');
      await say(talk, 'hello');
      const [outgoing] = [...echo.connections];
      await eventually('all is acknowledged, and timers are for probes', () => {
        const client = probedInSeconds(program.ports.get('one') ?? 0, talk.socket.localPort ?? 0);
        const server = probedInSeconds(outgoing?.remotePort ?? 0, echo.port);
        return [client, server].every((seconds) => seconds <= 60 === isProbed);
      });
    });
  }

  it('maxConnections and maxConnectionsPerAddress refuse what is over, and a place that is left can be taken', async () => {
    const routes = routeOf('one', { maxConnections: 2 }) + routeOf('two', { maxConnectionsPerAddress: 1 });
    await using program = await Program.start(objects + routes);
    using first = talkTo(program, 'one');
    using second = talkTo(program, 'one');
    await Promise.all([say(first, 'a'), say(second, 'b')]);
    using third = talkTo(program, 'one');
    await third.untilEnd();
    await untilEnding(program, 'proxy/route_limit');
    first.socket.end();
    await untilEnding(program, 'client/normal');
    using fourth = talkTo(program, 'one');
    await say(fourth, 'c');

    using only = talkTo(program, 'two');
    await say(only, 'a');
    using another = talkTo(program, 'two');
    await another.untilEnd();
    await untilEnding(program, 'proxy/ip_limit');
    assertBooks(program);
  });

  it('whenRemoved Drain lets connections finish and ends the rest, Cut ends them at once, and a route that comes back keeps them', async () => {
    const [draining, cutting] = [routeOf('one', { whenRemoved: 'Drain' }), routeOf('two', { whenRemoved: 'Cut' })];
    await using program = await Program.start(objects + draining + cutting, ['--drain-timeout=4s']);
    using late = talkTo(program, 'one');
    using cut = talkTo(program, 'two');
    await Promise.all([say(late, 'a'), say(cut, 'b')]);
    await program.remove('SmartRoute', 'default/two');
    await cut.untilEnd();
    await untilEnding(program, 'proxy/route_removed');

    await program.remove('SmartRoute', 'default/one');
    await say(late, 'still');
    await program.apply(draining);
    using finishing = talkTo(program, 'one');
    await say(finishing, 'c');
    await program.remove('SmartRoute', 'default/one');
    finishing.socket.end();
    await untilEnding(program, 'client/normal');
    await late.untilEnd();
    await untilEnding(program, 'proxy/route_removed', 2);
    assertBooks(program);
  });
});
