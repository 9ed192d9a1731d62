import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { AcmeClock } from '../../../src/acme/acme-clock.ts';
import { type Replica, ReplicaCheck } from '../../../src/acme/replica-check.ts';
import { makeTlsAnswer, startTls } from '../../tools/acme/tls-answer.ts';
import { freePort } from '../../tools/free-port.ts';

const challenge = { type: 'http-01', name: 'shop.test', token: 'token', keyAuthorization: 'token.thumb' } as const;
const path = '/.well-known/acme-challenge/token';

/** A clock on which waits are over at once. */
function hurriedClock(): AcmeClock & { readonly waits: number } {
  let nowMs = 0;
  let waits = 0;
  return {
    get waits() {
      return waits;
    },
    now: () => nowMs,
    after(ms, run) {
      waits++;
      nowMs += ms;
      const timer = setImmediate(run);
      return () => clearImmediate(timer);
    },
  };
}

async function listening(t: TestContext, server: Server, wantsHeader = false): Promise<Replica> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port, wantsHeader };
}

const replica = (t: TestContext, answer: RequestListener): Promise<Replica> => listening(t, createServer(answer));

const good: RequestListener = (request, response) => {
  const isAsked = request.url === path && request.headers.host === challenge.name;
  response.writeHead(isAsked ? 200 : 404).end(isAsked ? challenge.keyAuthorization : '');
};

function check(replicas: () => readonly Replica[], isServedHere = true) {
  const clock = hurriedClock();
  const of = new ReplicaCheck({ replicas, isServedHere: async () => isServedHere, clock });
  return { clock, confirm: (signal = new AbortController().signal) => of.confirm([challenge], signal) };
}

test('a challenge is confirmed when every replica gives its answer, and when there is nobody else to ask', async (t) => {
  const both = [await replica(t, good), await replica(t, good)];
  assert.equal(await check(() => both).confirm(), undefined);
  assert.equal(await check(() => []).confirm(), undefined);
});

test('one replica that does not answer as the CA has to see it is named, with what it does instead', async (t) => {
  const one = await replica(t, good);
  const whyOf = async (other: Replica) => {
    const { clock, confirm } = check(() => [one, other]);
    const why = await confirm();
    assert.ok(clock.waits > 100, 'it was asked again for as long as there is patience');
    assert.match(why ?? '', new RegExp(`^the replica at 127\\.0\\.0\\.1:${other.port} does not answer the challenge, `));
    return why;
  };
  assert.match((await whyOf(await replica(t, (_, response) => response.writeHead(404).end()))) ?? '', /it answers with status 404$/);
  assert.match((await whyOf(await replica(t, (_, response) => response.end('token.other')))) ?? '', /it answers with another text$/);
  assert.match((await whyOf({ address: '127.0.0.1', port: await freePort(), wantsHeader: false })) ?? '', /ECONNREFUSED/);
  assert.equal(await check(() => [one], false).confirm(), 'the workers of this replica do not have the answer of the challenge');
});

test('a replica that lags is waited for', async (t) => {
  let asks = 0;
  const late = await replica(t, (request, response) => (++asks > 5 ? good(request, response) : response.writeHead(404).end()));
  assert.equal(await check(() => [late]).confirm(), undefined);
  assert.ok(asks > 5);
});

test('one that is gone is waited for no longer than it is among the ready ones', async (t) => {
  const one = await replica(t, good);
  const gone = { address: '127.0.0.1', port: await freePort(), wantsHeader: false };
  let looks = 0;
  const { clock, confirm } = check(() => (++looks > 3 ? [one] : [one, gone]));
  assert.equal(await confirm(), undefined);
  assert.equal(clock.waits, 3);
});

test('a listener that wants a PROXY header is asked with one', async (t) => {
  const strict = createTcpServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (chunk) => {
      if (!chunk.toString('latin1').startsWith('PROXY UNKNOWN\r\n')) return socket.destroy();
      const body = challenge.keyAuthorization;
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`);
    });
  });
  const behind = await listening(t, strict, true);
  assert.equal(await check(() => [behind]).confirm(), undefined);
  assert.match((await check(() => [{ ...behind, wantsHeader: false }]).confirm()) ?? '', /does not answer the challenge/);
});

test('who does not lead any more stops asking', async (t) => {
  const never = await replica(t, (_, response) => response.writeHead(404).end());
  const ending = new AbortController();
  let looks = 0;
  const { confirm } = check(() => {
    if (++looks === 3) ending.abort(new Error('deposed'));
    return [never];
  });
  await assert.rejects(confirm(ending.signal), /deposed/);
});

test('an answer over TLS is asked of the HTTPS port of every replica, behind a PROXY header where one is wanted', async (t) => {
  const { challenge: asked, options } = await makeTlsAnswer('shop.test');
  const other = await makeTlsAnswer('shop.test');
  const at = (port: number, wantsHeader = false): Replica => ({ address: '127.0.0.1', port, wantsHeader });
  const seen: string[] = [];
  const confirm = (...replicas: readonly Replica[]) => {
    const of = new ReplicaCheck({
      replicas: (protocol) => {
        seen.push(protocol);
        return replicas;
      },
      isServedHere: async () => true,
      clock: hurriedClock(),
    });
    // Answers of one order come together: the last one stands for all.
    return of.confirm([challenge, asked], new AbortController().signal);
  };
  const good = at(await startTls(t, options));
  assert.equal(await confirm(good, at(await startTls(t, options))), undefined);
  assert.deepEqual([...new Set(seen)], ['https']);
  const wrong = at(await startTls(t, other.options));
  assert.equal(
    await confirm(good, wrong),
    `the replica at 127.0.0.1:${wrong.port} does not answer the challenge, it shows another certificate`,
  );
  assert.match((await confirm(good, at(await freePort()))) ?? '', /ECONNREFUSED/);

  const behindHeader = await listening(t, headerThenPass(good.port), true);
  assert.equal(await confirm(behindHeader), undefined);
  assert.match((await confirm({ ...behindHeader, wantsHeader: false })) ?? '', /does not answer the challenge/);
});

/** Passes connections on to `port` that begin with a PROXY header, without it, and ends others. */
function headerThenPass(port: number): Server {
  const header = 'PROXY UNKNOWN\r\n';
  return createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (chunk: Buffer) => {
      if (!chunk.toString('latin1').startsWith(header)) return socket.destroy();
      const onward = connect(port, '127.0.0.1').on('error', () => socket.destroy());
      onward.write(chunk.subarray(header.length));
      socket.pipe(onward).pipe(socket);
    });
  });
}
