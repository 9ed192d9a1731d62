import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { Harness } from '../../feature/networkproxy/harness.ts';
import {
  ack,
  endHeaders,
  endStream,
  frame,
  frameTypes,
  hpackInteger,
  hpackLiteral,
  padded,
  type RawField,
  type RawHttp2,
  settingIds,
  settingsPayload,
  uint32,
  withPriority,
} from '../../tools/raw-http2.ts';
import { RawHttp2Backend } from '../../tools/raw-http2-backend.ts';

/** How one header block goes over the wire. */
interface BlockStyle {
  /** Of each field's literal, in turn. */
  readonly kinds: readonly (0 | 0x10 | 0x40)[];
  /** Where the block is cut for CONTINUATION, as shares of its length. */
  readonly cuts: readonly number[];
  readonly padding: number | null;
  readonly priority: boolean;
  /** A change of the table's size before the block. */
  readonly tableBytes: number | null;
}

interface Answer {
  readonly status: number;
  readonly fields: readonly RawField[];
  readonly body: readonly Uint8Array[];
  readonly withLength: boolean;
  readonly trailers: readonly RawField[];
  readonly hints: number;
}

const value = fc.stringMatching(/^(?:[!-~](?:[\t -~\xa1-\xff]{0,60}[!-~])?)?$/);
const fields = fc.array(fc.tuple(fc.stringMatching(/^x-[a-z0-9-]{1,12}$/), value), { maxLength: 10 });
const answer: fc.Arbitrary<Answer> = fc.record({
  status: fc.constantFrom(200, 201, 206, 404, 500, 599),
  fields,
  body: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }),
  withLength: fc.boolean(),
  trailers: fields,
  hints: fc.integer({ min: 0, max: 3 }),
});
const padding = fc.option(fc.integer({ min: 0, max: 255 }));
const style: fc.Arbitrary<BlockStyle> = fc.record({
  kinds: fc.array(fc.constantFrom<0 | 0x10 | 0x40>(0, 0x10, 0x40), { minLength: 1, maxLength: 5 }),
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
  padding,
  priority: fc.boolean(),
  tableBytes: fc.option(fc.integer({ min: 0, max: 4096 })),
});
/** Frames that may stand anywhere but within a header block, and change nothing. */
const between = fc.constantFrom(
  frame(frameTypes.ping, 0, 0, Buffer.from('12345678')),
  frame(frameTypes.ping, ack, 0, Buffer.from('12345678')),
  frame(frameTypes.settings, 0, 0, settingsPayload([[settingIds.initialWindowSize, 70_000]])),
  frame(frameTypes.settings, 0, 0, settingsPayload([[settingIds.headerTableSize, 100]])),
  frame(frameTypes.settings, ack, 0),
  frame(0x42, 0xff, 0, Buffer.from('unknown')),
  frame(frameTypes.windowUpdate, 0, 0, uint32(1)),
  frame(frameTypes.priority, 0, 5, Buffer.from([0, 0, 0, 3, 16])),
);
const wire = fc.record({
  styles: fc.array(style, { minLength: 1, maxLength: 4 }),
  paddings: fc.array(padding, { minLength: 1, maxLength: 4 }),
  between: fc.array(fc.option(between), { minLength: 1, maxLength: 6 }),
  chunks: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 10 }),
});
type Wire = typeof wire extends fc.Arbitrary<infer T> ? T : never;

function padTo(bytes: Buffer, pad: number | null): Buffer {
  return pad === null ? bytes : Buffer.concat([Buffer.from([pad]), bytes, Buffer.alloc(pad)]);
}

function headerFrames(stream: number, list: readonly RawField[], flags: number, how: BlockStyle): Buffer {
  const resize = how.tableBytes === null ? [] : [hpackInteger(0x20, 5, how.tableBytes)];
  const literals = list.map((field, i) => hpackLiteral(field, how.kinds[i % how.kinds.length] as 0));
  const block = Buffer.concat([...resize, ...literals]);
  const marks = [0, ...how.cuts.map((share) => Math.floor(share * block.length)).sort((a, b) => a - b), block.length];
  const parts = marks.slice(1).map((mark, i) => block.subarray(marks[i], mark));
  return Buffer.concat(
    parts.map((part, i) => {
      const last = i === parts.length - 1 ? endHeaders : 0;
      if (i > 0) return frame(frameTypes.continuation, last, stream, part);
      const own = (how.padding === null ? 0 : padded) | (how.priority ? withPriority : 0);
      const payload = how.priority ? Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), part]) : part;
      return frame(frameTypes.headers, flags | last | own, stream, padTo(payload, how.padding));
    }),
  );
}

/** The answer in frames, END_STREAM on the last one that can have it. */
function framesOf(stream: number, { status, fields, body, withLength, trailers, hints }: Answer, how: Wire): Buffer {
  const length = body.reduce((sum, { length }) => sum + length, 0);
  const list: RawField[] = [[':status', String(status)], ...fields];
  if (withLength) list.push(['content-length', String(length)]);
  let styles = 0;
  const next = (): BlockStyle => how.styles[styles++ % how.styles.length] as BlockStyle;
  const frames: Buffer[] = [];
  for (let i = 0; i < hints; i++)
    frames.push(
      headerFrames(
        stream,
        [
          [':status', '103'],
          ['link', '</a>'],
        ],
        0,
        next(),
      ),
    );
  const headEnds = body.length === 0 && trailers.length === 0;
  frames.push(headerFrames(stream, list, headEnds ? endStream : 0, next()));
  body.forEach((bytes, i) => {
    const pad = how.paddings[i % how.paddings.length] as number | null;
    const ends = i === body.length - 1 && trailers.length === 0 ? endStream : 0;
    frames.push(frame(frameTypes.data, ends | (pad === null ? 0 : padded), stream, padTo(Buffer.from(bytes), pad)));
  });
  if (trailers.length > 0) frames.push(headerFrames(stream, trailers, endStream, next()));
  return Buffer.concat(frames.flatMap((each, i) => [how.between[i % how.between.length] ?? Buffer.alloc(0), each]));
}

async function writeInPieces(peer: RawHttp2, bytes: Buffer, sizes: readonly number[]): Promise<void> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] as number;
    peer.write(bytes.subarray(at, at + size));
    at += size;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

interface Received {
  readonly status: number | undefined;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  readonly hints: number;
}

let script: { readonly answer: Answer; readonly how: Wire };
let backend: RawHttp2Backend;
let harness: Harness;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

before(async () => {
  backend = await RawHttp2Backend.start({
    onRequest: (peer, stream) => void writeInPieces(peer, framesOf(stream, script.answer, script.how), script.how.chunks),
  });
  harness = await Harness.start({ routes: [{ endpoints: [backend.port], service: { protocol: 'h2c' } }] });
});
after(async () => {
  agent.destroy();
  await harness[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
});

function ask(): Promise<Received> {
  return new Promise((resolve, reject) => {
    let hints = 0;
    const asked = request({ host: '127.0.0.1', port: harness.port, agent, headers: { host: 'a.example', te: 'trailers' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          fields: response.rawHeaders,
          body: Buffer.concat(chunks).toString('hex'),
          trailers: response.rawTrailers,
          hints,
        }),
      );
    });
    asked.on('information', () => hints++);
    asked.on('error', reject);
    asked.end();
  });
}

test('a legal answer of an HTTP/2 backend reaches its client as it is, however it is framed, padded, packed and cut', async () => {
  await fc.assert(
    fc.asyncProperty(answer, wire, async (sent, how) => {
      script = { answer: sent, how };
      const got = await ask();
      assert.equal(got.status, sent.status);
      const own = got.fields.filter((_, i, all) => (all[i - (i % 2)] as string).startsWith('x-'));
      assert.deepEqual(own, sent.fields.flat());
      const body = Buffer.concat(sent.body.map((bytes) => Buffer.from(bytes))).toString('hex');
      assert.equal(got.body, body);
      // Trailers go to HTTP/1.1 clients after a chunked body alone.
      if (!sent.withLength) assert.deepEqual(got.trailers, sent.trailers.flat());
      assert.equal(got.hints, sent.hints);
    }),
    { numRuns: 150 },
  );
  assert.equal(backend.peers.length, 1, `one connection for all of them: ${backend.peers[0]?.describe()}`);
});
