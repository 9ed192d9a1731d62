import assert from 'node:assert/strict';
import { after, before, describe, it, test } from 'node:test';
import { type HostileHttp2Answer, hostileHttp2Answers, hostileHttp2Openings } from '../../corpus/http2/hostile-responses.ts';
import {
  endHeaders,
  endStream,
  frame,
  frameTypes,
  headerBlock,
  padded,
  type RawField,
  RawHttp2,
  requestFields,
  settingIds,
  settingsPayload,
  uint32,
} from '../../tools/raw-http2.ts';
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

describe('an answer over HTTP/2 that is odd and valid', () => {
  const ok: RawField = [':status', '200'];
  const head = (stream: number, fields: readonly RawField[] = [ok], flags = 0): Buffer =>
    frame(frameTypes.headers, flags | endHeaders, stream, headerBlock(fields));
  const body = (stream: number, flags = endStream): Buffer => frame(frameTypes.data, flags, stream, Buffer.from('hello'));
  /** What an HTTP/1.1 client gets behind the status line, without `date`. */
  const understood: readonly {
    readonly name: string;
    readonly frames: (stream: number) => readonly Buffer[];
    readonly received: string;
    readonly method?: string;
  }[] = [
    {
      name: 'a head that ends the stream has a length that an HTTP/1.1 client sees',
      frames: (s) => [head(s, [ok], endStream)],
      received: 'content-length: 0\r\n\r\n',
    },
    {
      name: 'trailers alone, as gRPC sends them',
      frames: (s) => [head(s, [ok, ['content-type', 'application/grpc'], ['grpc-status', '5']], endStream)],
      received: 'content-type: application/grpc\r\ngrpc-status: 5\r\ncontent-length: 0\r\n\r\n',
    },
    {
      name: '204 with content-length: 0 loses it',
      frames: (s) => [
        head(
          s,
          [
            [':status', '204'],
            ['content-length', '0'],
          ],
          endStream,
        ),
      ],
      received: '\r\n',
    },
    {
      name: '103 with content-length: 0 loses it',
      frames: (s) => [
        head(s, [
          [':status', '103'],
          ['content-length', '0'],
          ['link', '</a>'],
        ]),
        head(s, [ok, ['content-length', '5']]),
        body(s),
      ],
      received: 'link: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello',
    },
    {
      name: 'HEAD with a length',
      frames: (s) => [head(s, [ok, ['content-length', '5']], endStream)],
      received: 'content-length: 5\r\n\r\n',
      method: 'HEAD',
    },
    { name: 'HEAD without a length', frames: (s) => [head(s), frame(frameTypes.data, endStream, s)], received: '\r\n', method: 'HEAD' },
    {
      name: '304 with a length',
      frames: (s) => [
        head(
          s,
          [
            [':status', '304'],
            ['content-length', '5'],
          ],
          endStream,
        ),
      ],
      received: 'content-length: 5\r\n\r\n',
    },
    {
      name: '32 times 103',
      frames: (s) => [...Array.from({ length: 32 }, () => head(s, [[':status', '103']])), head(s, [ok, ['content-length', '5']]), body(s)],
      received: `${'\r\nHTTP/1.1 103 Early Hints\r\n'.repeat(31)}\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello`,
    },
    {
      name: 'padding everywhere',
      frames: (s) => [
        frame(
          frameTypes.headers,
          endHeaders | padded,
          s,
          Buffer.concat([Buffer.from([255]), headerBlock([ok, ['content-length', '5']]), Buffer.alloc(255)]),
        ),
        frame(frameTypes.data, padded, s, Buffer.from('\x02he\0\0')),
        frame(frameTypes.data, padded | endStream, s, Buffer.from('\0llo')),
      ],
      received: 'content-length: 5\r\n\r\nhello',
    },
    {
      name: 'empty CONTINUATION frames',
      frames: (s) => [
        frame(frameTypes.headers, 0, s, headerBlock([ok])),
        frame(frameTypes.continuation, 0, s),
        frame(frameTypes.continuation, endHeaders, s, headerBlock([['content-length', '5']])),
        body(s),
      ],
      received: 'content-length: 5\r\n\r\nhello',
    },
    {
      name: 'settings that change in the midst of it',
      frames: (s) => [
        head(s, [ok, ['content-length', '5']]),
        frame(frameTypes.settings, 0, 0, settingsPayload([[settingIds.initialWindowSize, 0]])),
        frame(
          frameTypes.settings,
          0,
          0,
          settingsPayload([
            [settingIds.headerTableSize, 0],
            [settingIds.maxFrameSize, 65_536],
            [0x7777, 1],
          ]),
        ),
        frame(
          frameTypes.settings,
          0,
          0,
          settingsPayload([
            [settingIds.initialWindowSize, 65_535],
            [settingIds.headerTableSize, 4096],
          ]),
        ),
        body(s),
      ],
      received: 'content-length: 5\r\n\r\nhello',
    },
    {
      name: 'a GOAWAY that lets this stream end',
      frames: (s) => [
        head(s, [ok, ['content-length', '5']]),
        frame(frameTypes.goaway, 0, 0, Buffer.concat([uint32(s), uint32(0)])),
        body(s),
      ],
      received: 'content-length: 5\r\n\r\nhello',
    },
    {
      name: 'frames of a stream that is over: RST_STREAM, WINDOW_UPDATE, PRIORITY',
      frames: (s) => [
        frame(frameTypes.rstStream, 0, s - 2, uint32(0)),
        frame(frameTypes.windowUpdate, 0, s - 2, uint32(5)),
        frame(frameTypes.priority, 0, s - 2, Buffer.alloc(5)),
        head(s, [ok, ['content-length', '5']]),
        body(s),
      ],
      received: 'content-length: 5\r\n\r\nhello',
    },
  ];
  for (const { name, frames, received, method = 'GET' } of understood) {
    it(`reaches a client as it was meant, and the next one too: ${name}`, async () => {
      let odd = false;
      await using backend = await RawHttp2Backend.start({
        onRequest: (peer, stream) => {
          if (odd) peer.write(Buffer.concat(frames(stream)));
          else answer(peer, stream);
          odd = false;
        },
      });
      await using harness = await Harness.start({ routes: [{ endpoints: [backend.port], service: { protocol: 'h2c' } }] });
      using client = await RawClient.connect(harness.port);
      client.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
      await client.untilText('hello\r\n0\r\n\r\n');
      odd = true;
      client.text = '';
      client.write(`${method} / HTTP/1.1\r\nHost: a.example\r\n\r\n`);
      await client.untilText('\r\n\r\n');
      await eventually(() => harness.requests.length === 2, 'the end of the answer');
      client.write('GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n');
      const text = (await client.untilEnd()).replaceAll(/date: [^\r]*\r\n/g, '');
      const last = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
      assert.equal(text.slice(text.indexOf('\r\n') + 2), received + last);
    });
  }
});
