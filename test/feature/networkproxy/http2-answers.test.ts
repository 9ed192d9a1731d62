import assert from 'node:assert/strict';
import { after, before, describe, it, test } from 'node:test';
import { type HostileHttp2Answer, hostileHttp2Answers, hostileHttp2Openings } from '../../corpus/http2/hostile-responses.ts';
import { RawHttp2, requestFields } from '../../tools/raw-http2.ts';
import { RawHttp2Backend } from '../../tools/raw-http2-backend.ts';
import { Harness } from './harness.ts';
import { eventually, RawClient } from './raw-client.ts';

/** What a client made of an answer. */
interface Outcome {
  /** 0: none. */
  readonly status: number;
  /** It ended as an answer does that is whole. */
  readonly whole: boolean;
  /** All that came, heads too where they are text. */
  readonly text: string;
}

type Ask = (port: number, path: string, method: string) => Promise<Outcome>;

const clients: Readonly<Record<string, Ask>> = {
  'HTTP/1.1': async (port, path, method) => {
    using client = await RawClient.connect(port);
    client.write(`${method} ${path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`);
    const text = await client.untilEnd();
    const final = text.replace(/^(?:HTTP\/1\.1 1\d\d [^\n]*\n(?:[^\r\n][^\n]*\n)*\r\n)+/, '');
    return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(final)?.[1] ?? 0), whole: isWhole(final, method), text };
  },
  'HTTP/2': async (port, path, method) => {
    using client = await RawHttp2.connect(port);
    client.headers(1, requestFields(path, [], method));
    await client.until(() => client.isOver(1));
    const text = Buffer.concat(client.frames.map(({ payload }) => payload)).toString('latin1');
    return { status: client.statuses(1).at(-1) ?? 0, whole: client.resetCode(1) === undefined && !client.isClosing, text };
  },
};

/** Whether an answer on a connection that has ended is one that a client takes for whole. */
function isWhole(text: string, method: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const head = text.slice(0, end + 2);
  const body = text.slice(end + 4);
  if (method === 'HEAD' || /^HTTP\/1\.1 (?:204|304)/.test(head)) return true;
  const length = /\r\ncontent-length: (\d+)\r\n/.exec(head)?.[1];
  if (length !== undefined) return body.length === Number(length);
  return /(?:^|\r\n)0\r\n(?:[^\r]+\r\n)*\r\n$/.test(body);
}

/** Sends a whole answer. */
function answer(peer: RawHttp2, stream: number): void {
  peer.headers(stream, [[':status', '200']], 0);
  peer.data(stream, 'hello');
}

for (const [version, ask] of Object.entries(clients)) {
  describe(`a hostile answer over HTTP/2 to a client of ${version}`, () => {
    /** The streams that the backend does not answer by itself, in their order. */
    let held: { peer: RawHttp2; stream: number }[] = [];
    let holding = false;
    let backend: RawHttp2Backend;
    let harness: Harness;

    before(async () => {
      backend = await RawHttp2Backend.start({
        onRequest: (peer, stream) => {
          if (holding) held.push({ peer, stream });
          else answer(peer, stream);
        },
      });
      harness = await Harness.start({
        routes: [{ endpoints: [backend.port], service: { protocol: 'h2c' } }],
        config: { h2c: true },
      });
    });
    after(async () => {
      await harness[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    });

    async function askGood(): Promise<void> {
      holding = false;
      const { status, whole } = await ask(harness.port, '/good', 'GET');
      assert.deepEqual([status, whole], [200, true], 'an ordinary request is served');
    }

    /** Two requests at the backend on one connection: one that waits, and one that is about to be answered. */
    async function begin({ method }: HostileHttp2Answer): Promise<[waiting: Promise<Outcome>, hostile: Promise<Outcome>]> {
      await askGood();
      holding = true;
      held = [];
      const waiting = ask(harness.port, '/waiting', 'GET');
      await eventually(() => held.length === 1, 'the first request at the backend');
      const hostile = ask(harness.port, '/hostile', method);
      await eventually(() => held.length === 2, 'the second request at the backend');
      assert.equal(held[0]?.peer, held[1]?.peer, 'both on one connection');
      return [waiting, hostile];
    }

    function assertLogged(path: string, flag: string, detail: string): void {
      const entry = harness.requests.findLast((each) => each.path === path);
      assert.deepEqual([entry?.flag, entry?.detail], [flag, detail]);
    }

    function assertRefused({ status, whole, text }: Outcome, { cut, flag, rule }: HostileHttp2Answer): void {
      assert.doesNotMatch(text, /smuggled|other/, 'nothing of the wrong part goes on');
      assert.doesNotMatch(text.slice(1), /\r\nHTTP\/1\.1 200/, 'one answer at most');
      if (cut) {
        // An HTTP/1.1 client may have had all that the head promised before the backend went on.
        const promised = version === 'HTTP/1.1' && (rule === 'body-on-bodyless-answer' || rule === 'content-length-mismatch');
        assert.ok(!whole || promised, text);
        assert.ok([200, 204, 304].includes(status), text);
        assertLogged('/hostile', 'upstream_truncated', `${flag} ${rule}`);
      } else {
        assert.deepEqual([status, whole], [502, true], text);
        assertLogged('/hostile', flag, rule);
      }
    }

    for (const hostile of hostileHttp2Answers) {
      const { rule, name, ends, code } = hostile;
      it(`is refused, and the ${ends} ends: ${rule}: ${name}`, async () => {
        const [waiting, refused] = await begin(hostile);
        const [{ peer, stream: bystander }, { stream }] = held as [(typeof held)[number], (typeof held)[number]];
        const connections = backend.peers.length;
        peer.write(hostile.frames(stream));
        if (ends === 'connection') {
          await peer.until(() => peer.isClosing);
          assert.equal(peer.goawayCode, code, peer.describe());
          const other = await waiting;
          assert.deepEqual([other.status, other.whole], [502, true], 'the others fail too');
          assertLogged('/waiting', 'upstream_protocol_error', rule);
          await refused;
        } else {
          await peer.until(() => peer.resetCode(stream) !== undefined || peer.isClosing);
          assert.equal(peer.resetCode(stream), code, peer.describe());
          await refused;
          answer(peer, bystander);
          const other = await waiting;
          assert.deepEqual([other.status, other.whole], [200, true], 'the others go on');
          assert.equal(peer.goaway, undefined);
        }
        assertRefused(await refused, hostile);
        await askGood();
        assert.equal(backend.peers.length - connections, ends === 'connection' ? 1 : 0, 'a new connection for a broken one alone');
      });
    }

    it('of the whole corpus has left nothing behind', async () => {
      await eventually(() => harness.proxy.connectedClients === 0, 'no client left');
      const { proxy, wheel } = harness;
      await eventually(() => proxy.poolStatus.active + proxy.poolStatus.connecting === 0, 'no upstream in use');
      assert.equal(proxy.poolStatus.idle, 1);
      assert.equal(backend.open, 1);
      await eventually(() => wheel.size === 1, 'no deadline left but that of the idle upstream');
    });
  });
}

describe('a backend that begins an HTTP/2 connection wrongly', () => {
  for (const { rule, name, code, bytes } of hostileHttp2Openings) {
    test(`is answered with GOAWAY, and its client with 502: ${rule}: ${name}`, async () => {
      await using backend = await RawHttp2Backend.start({ onConnection: (peer) => peer.write(bytes) });
      await using harness = await Harness.start({ routes: [{ endpoints: [backend.port], service: { protocol: 'h2c' } }] });
      const { status } = await clients['HTTP/1.1']!(harness.port, '/', 'GET');
      assert.equal(status, 502);
      assert.deepEqual([harness.requests[0]?.flag, harness.requests[0]?.detail], ['upstream_protocol_error', rule]);
      for (const peer of backend.peers) {
        await peer.until(() => peer.isClosing);
        assert.equal(peer.goawayCode, code, peer.describe());
      }
      await eventually(() => harness.proxy.connectedClients === 0, 'no client left');
      assert.deepEqual(harness.proxy.poolStatus, { active: 0, connecting: 0, idle: 0 });
      assert.equal(harness.wheel.size, 0);
    });
  }
});
