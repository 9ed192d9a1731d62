import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { after } from 'node:test';
import { hostileRequests } from '../corpus/http1/hostile-requests.ts';
import { Harness, TestConnection } from '../feature/networkproxy/harness.ts';
import { readWithLlhttp } from '../tools/llhttp.ts';
import { NaiveHpack } from '../tools/naive-hpack.ts';
import { endHeaders, endStream, framesOf, frameTypes, preface, type RawFrame } from '../tools/raw-http2.ts';
import { fuzz } from './engine/fuzz.ts';
import { clientFrames, connectionSeeds, mutateConnection } from './engine/http2-inputs.ts';
import { splitsOf } from './engine/splits.ts';

/** A plain listener that serves both versions. Every path is answered by the proxy itself, so that no backend is needed. */
const harness = new Harness({
  routes: [
    { path: '/', action: { kind: 'fail', status: 503, reason: 'nothing behind it' } },
    { path: '/p', action: { kind: 'redirect', status: 308, to: { scheme: 'http', host: 'b.example', port: undefined, path: undefined } } },
  ],
  config: { h2c: true, maxHeaderBytes: 4096, maxHeaders: 20 },
  accessLog: false,
});
after(() => harness[Symbol.asyncDispose]());

/** A socket that is not one: what is written to it is kept. */
class MemorySocket extends Duplex {
  readonly #chunks: Buffer[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    done();
  }

  get output(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** Serves the pieces, each in a turn of its own when there are few, and ends the client's side. Returns what was answered. */
async function serve(pieces: readonly Buffer[]): Promise<Buffer> {
  const socket = new MemorySocket({ allowHalfOpen: true });
  const listener = harness.table.table.listeners.get('http');
  assert.ok(listener !== undefined);
  const connection = new TestConnection('fuzzed', socket as unknown as Socket, listener, false);
  harness.proxy.handleConnection(connection);
  for (const [i, piece] of pieces.entries()) {
    socket.push(Buffer.from(piece));
    if (i < 10) await turn();
  }
  await turn();
  socket.push(null);
  for (let i = 0; i < 6 && connection.ended === undefined; i++) await turn();
  // A client that is gone altogether ends what still waits.
  if (connection.ended === undefined) connection.end('client', 'econnreset');
  await turn();
  socket.destroy();
  assert.equal(harness.proxy.connectedClients, 0, 'the connection is forgotten');
  assert.equal(harness.wheel.size, 0, 'no deadline is left');
  return socket.output;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

fuzz({
  name: 'connection',
  isText: false,
  seeds: [...connectionSeeds, ...hostileRequests.map(({ text }) => Buffer.from(text, 'latin1'))],
  words: [
    '\0\0\0\x04\0\0\0\0\0',
    '\0\0\x05\0\x01\0\0\0\x01hello',
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    '\xff\xff\xff\xff',
    '\r\n\r\n',
    'PRI *',
  ],
  mutate: mutateConnection,
  async check(input) {
    for (const pieces of [[input], splitsOf(input)[2] ?? []]) {
      const output = await serve(pieces);
      if (input.subarray(0, preface.length).equals(preface)) assertGoodFrames(output, input);
      // To read the answers to HEAD one has to know which they are.
      else if (output[0] === 0x48 /* H */ && !input.includes('HEAD ')) assertGoodAnswers(output);
    }
  },
});

function assertGoodAnswers(output: Buffer): void {
  const { messages, error } = readWithLlhttp(output, 'response', false);
  assert.equal(error, undefined, output.toString('latin1'));
  for (const { status } of messages) assert.ok(status === 308 || status >= 400);
}

/** What we send is HTTP/2: whole frames, streams in order, headers that are valid HPACK, no more DATA than was allowed. */
function assertGoodFrames(output: Buffer, input: Buffer): void {
  const frames = framesOf(output);
  const bytes = frames.reduce((sum, { payload }) => sum + 9 + payload.length, 0);
  assert.equal(bytes, output.length, 'whole frames');
  assert.equal(frames[0]?.type, frameTypes.settings, 'settings come first');
  assert.ok(frames.every(({ payload }) => payload.length <= 16_384));
  const asked = new Set(clientFrames(input).map(({ stream }) => stream));
  const hpack = new NaiveHpack();
  const ended = new Set<number>();
  const answered = new Set<number>();
  for (const sent of frames) {
    const { type, flags, stream } = sent;
    if (type === frameTypes.headers) {
      assert.ok((flags & endHeaders) !== 0 && asked.has(stream) && !ended.has(stream), 'an answer to a request, once');
      if (statusOf(hpack, sent) >= 200) {
        assert.ok(!answered.has(stream), 'one answer');
        answered.add(stream);
      }
    } else if (type === frameTypes.data) {
      assert.ok(answered.has(stream) && !ended.has(stream), 'DATA within an answer');
    }
    if ((type === frameTypes.headers || type === frameTypes.data) && (flags & endStream) !== 0) ended.add(stream);
    if (type === frameTypes.goaway) assert.ok(sent.payload.length >= 8);
  }
  const sent = frames.filter(({ type }) => type === frameTypes.data).reduce((sum, { payload }) => sum + payload.length, 0);
  assert.ok(sent <= allowedBytes(input), 'no more DATA than the connection window');
}

function statusOf(hpack: NaiveHpack, { payload }: RawFrame): number {
  const [first] = hpack.decode(payload);
  assert.equal(first?.[0], ':status');
  return Number(first?.[1]);
}

/** At most: a frame that was refused opened nothing. */
function allowedBytes(input: Buffer): number {
  const updates = clientFrames(input).filter(
    ({ type, stream, payload }) => type === frameTypes.windowUpdate && stream === 0 && payload.length === 4,
  );
  return updates.reduce((sum, { payload }) => sum + (payload.readUInt32BE(0) & 0x7fff_ffff), 65_535);
}
