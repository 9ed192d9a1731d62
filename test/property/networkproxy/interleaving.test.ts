import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { HpackEncoder } from '../../../src/networkproxy/http2/hpack/encoder.ts';
import { Harness } from '../../feature/networkproxy/harness.ts';
import type { LlhttpMessage } from '../../tools/llhttp.ts';
import { NaiveHpack } from '../../tools/naive-hpack.ts';
import {
  endHeaders,
  endStream,
  errorCodes,
  frame,
  frameTypes,
  type RawField,
  RawHttp2,
  requestFields,
  settingIds,
  uint32,
} from '../../tools/raw-http2.ts';
import { type PlannedAnswer, RecordingBackend } from './recording-backend.ts';

/** One piece of a request that must not be torn apart: a header block, or a DATA frame. */
type Part =
  | {
      readonly kind: 'headers';
      readonly fields: readonly RawField[];
      readonly cuts: readonly number[];
      readonly priority: boolean;
      readonly end: boolean;
    }
  | { readonly kind: 'data'; readonly bytes: Buffer; readonly padding: number; readonly end: boolean };

interface Sample {
  readonly path: string;
  readonly parts: readonly Part[];
  readonly answer: PlannedAnswer;
}

const latin1 = fc.string({
  unit: fc
    .integer({ min: 0x20, max: 0xff })
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code)),
  maxLength: 40,
});
const value = latin1.map((text) => text.trim());
const fields = fc.array(fc.tuple(fc.stringMatching(/^x-[a-z]{1,8}$/), value), { maxLength: 4 });
const crumbs = fc
  .array(fc.stringMatching(/^[a-z]=[a-z0-9]{0,9}$/), { maxLength: 4 })
  .map((list) => list.map((crumb): RawField => ['cookie', crumb]));
const bytes = fc.uint8Array({ maxLength: 3000 }).map((list) => Buffer.from(list));
const sizes = fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 5 });
const block = fc.record({ cuts: fc.array(fc.integer({ min: 0, max: 80 }), { maxLength: 4 }), priority: fc.boolean() });

const answer: fc.Arbitrary<PlannedAnswer> = fc
  .record({
    status: fc.constantFrom(200, 201, 404, 500),
    fields,
    body: fc.oneof(
      bytes,
      fc.integer({ min: 0, max: 40_000 }).map((length) => Buffer.alloc(length, 'answer ')),
    ),
    chunk: fc.option(fc.integer({ min: 20, max: 9000 })),
    trailers: fields,
    hasHints: fc.boolean(),
    sizes,
  })
  .map(({ status, fields, body, chunk, trailers, hasHints, sizes }) => {
    const hints = hasHints ? 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' : '';
    const head = `${hints}HTTP/1.1 ${status} Reason\r\n${lines(fields)}`;
    if (chunk === null) return { wire: `${head}content-length: ${body.length}\r\n\r\n${body.toString('latin1')}`, sizes };
    let chunks = '';
    for (let at = 0; at < body.length; at += chunk) {
      const piece = body.subarray(at, at + chunk);
      chunks += `${piece.length.toString(16)}\r\n${piece.toString('latin1')}\r\n`;
    }
    return { wire: `${head}transfer-encoding: chunked\r\n\r\n${chunks}0\r\n${lines(trailers)}\r\n`, sizes };
  });

const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'HEAD'),
  fields,
  crumbs,
  head: block,
  body: fc.option(
    fc.record({
      chunks: fc.array(fc.record({ bytes, padding: fc.option(fc.integer({ min: 0, max: 255 })) }), { minLength: 1, maxLength: 4 }),
      saysLength: fc.boolean(),
      trailers: fc.option(fc.tuple(fields, block)),
    }),
  ),
  answer,
});

function lines(list: readonly RawField[]): string {
  return list.map(([name, text]) => `${name}: ${text}\r\n`).join('');
}

function sampleOf(made: typeof request extends fc.Arbitrary<infer T> ? T : never, path: string): Sample {
  const { method, head, body, answer } = made;
  const total = body?.chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0) ?? 0;
  const length: RawField[] = body?.saysLength === true ? [['content-length', String(total)]] : [];
  const all = [...requestFields(path, [...made.fields, ...made.crumbs, ...length], method)];
  const parts: Part[] = [{ kind: 'headers', fields: all, ...head, end: body === null }];
  const trailers = body?.trailers ?? undefined;
  body?.chunks.forEach((chunk, i) => {
    const isLast = i === body.chunks.length - 1 && trailers === undefined;
    parts.push({ kind: 'data', bytes: chunk.bytes, padding: chunk.padding ?? -1, end: isLast });
  });
  if (trailers !== undefined) parts.push({ kind: 'headers', fields: trailers[0], ...trailers[1], end: true });
  return { path, parts, answer };
}

const noise = fc.constantFrom(
  ...[
    ...[Buffer.alloc(0), Buffer.alloc(0), Buffer.alloc(0)],
    frame(frameTypes.priority, 0, 99, Buffer.from([0, 0, 0, 0, 7])),
    frame(frameTypes.ping, 0, 0, Buffer.from('hello!!!')),
    frame(0x2a, 0xff, 1, Buffer.from('unknown')),
    frame(frameTypes.windowUpdate, 0, 0, uint32(1)),
  ],
);

/** How the parts of several requests follow each other, and how the bytes of it all are cut. */
const order = fc.record({
  turns: fc.array(fc.nat(50), { minLength: 1, maxLength: 40 }),
  noise: fc.array(noise, { minLength: 1, maxLength: 10 }),
  cuts: fc.array(fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 100, max: 5000 })), { minLength: 1, maxLength: 8 }),
  initialWindow: fc.constantFrom(0, 1, 1000, 65_535, 1_000_000),
  grants: fc.array(fc.integer({ min: 400, max: 30_000 }), { minLength: 1, maxLength: 6 }),
});

type Order = typeof order extends fc.Arbitrary<infer T> ? T : never;

/** An answer as a client reads it. */
interface SeenAnswer {
  readonly heads: readonly (readonly (readonly [string, string])[])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
}

/** The frames of a client whose requests are sent in some order. */
class FrameScript {
  readonly #encoder = new HpackEncoder();
  readonly #streams = new Map<Sample, number>();
  readonly #frames: Buffer[] = [];
  readonly #noise: readonly Buffer[];

  constructor(noise: readonly Buffer[]) {
    this.#noise = noise;
  }

  add(sample: Sample, part: Part): void {
    // Streams are numbered as they are opened.
    const stream = this.#streams.get(sample) ?? 1 + 2 * this.#streams.size;
    this.#streams.set(sample, stream);
    this.#frames.push(this.#noise[this.#frames.length % this.#noise.length] ?? Buffer.alloc(0));
    this.#frames.push(part.kind === 'data' ? dataFrame(stream, part) : this.#headers(stream, part));
  }

  streamOf(sample: Sample): number {
    return this.#streams.get(sample) ?? 0;
  }

  get wire(): Buffer {
    return Buffer.concat(this.#frames);
  }

  #headers(stream: number, { fields, cuts, priority, end }: Extract<Part, { kind: 'headers' }>): Buffer {
    const flat = fields.flat();
    const buffer = Buffer.alloc(HpackEncoder.maxBytes(flat));
    const whole = buffer.subarray(0, this.#encoder.fields(flat, buffer, this.#encoder.begin(buffer, 0)));
    const fragments: Buffer[] = [];
    let at = 0;
    for (const size of cuts) {
      fragments.push(whole.subarray(at, at + size));
      at = Math.min(whole.length, at + size);
    }
    fragments.push(whole.subarray(at));
    return Buffer.concat(
      fragments.map((fragment, i) => {
        const flags = (i === 0 && end ? endStream : 0) | (i === fragments.length - 1 ? endHeaders : 0);
        if (i > 0) return frame(frameTypes.continuation, flags, stream, fragment);
        if (!priority) return frame(frameTypes.headers, flags, stream, fragment);
        return frame(frameTypes.headers, flags | 0x20, stream, Buffer.concat([Buffer.from([0, 0, 0, 0, 9]), fragment]));
      }),
    );
  }
}

function dataFrame(stream: number, { bytes, padding, end }: Extract<Part, { kind: 'data' }>): Buffer {
  if (padding < 0) return frame(frameTypes.data, end ? endStream : 0, stream, bytes);
  const payload = Buffer.concat([Buffer.from([padding]), bytes, Buffer.alloc(padding)]);
  return frame(frameTypes.data, 0x8 | (end ? endStream : 0), stream, payload);
}

/** All parts, each request's in their order, by turns. */
function scriptOf(samples: readonly Sample[], { turns, noise }: Pick<Order, 'turns' | 'noise'>): FrameScript {
  const script = new FrameScript(noise);
  const waiting = samples.map((sample) => ({ sample, parts: [...sample.parts] }));
  for (let i = 0; waiting.length > 0; i++) {
    const index = (turns[i % turns.length] ?? 0) % waiting.length;
    const next = waiting[index];
    const part = next?.parts.shift();
    if (next === undefined || part === undefined) throw new Error('Cannot go on: no part is left');
    script.add(next.sample, part);
    if (next.parts.length === 0) waiting.splice(index, 1);
  }
  return script;
}

describe('requests of one HTTP/2 connection', () => {
  let backend: RecordingBackend;
  let harness: Harness;
  let runs = 0;

  before(async () => {
    backend = await RecordingBackend.start();
    harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true } });
  });
  after(async () => {
    await harness[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
  });

  /** Sends the script in the pieces that `cuts` tells, and gives window in `grants` until every answer is there. */
  async function play(
    script: FrameScript,
    samples: readonly Sample[],
    { cuts, initialWindow, grants }: Omit<Order, 'turns' | 'noise'>,
  ): Promise<Map<string, SeenAnswer>> {
    using client = await RawHttp2.connect(harness.port, { reads: false, settings: [[settingIds.initialWindowSize, initialWindow]] });
    // Its acknowledgement of our settings would fall between the pieces of a frame.
    await client.until(({ frames }) => frames.some(({ type }) => type === frameTypes.settings));
    const { wire } = script;
    for (let at = 0, i = 0; at < wire.length; i++) {
      const size = cuts[i % cuts.length] ?? wire.length;
      client.write(wire.subarray(at, at + size));
      at += size;
      if (i < 200) await new Promise((resolve) => setImmediate(resolve));
    }
    const streams = samples.map((sample) => script.streamOf(sample));
    for (let i = 0; ; i++) {
      const open = streams.filter((stream) => !client.isOver(stream));
      if (open.length === 0) break;
      const grant = grants[i % grants.length] ?? 1000;
      for (const stream of open) client.windowUpdate(stream, grant);
      client.windowUpdate(0, grant);
      const seen = client.frames.length;
      await client.until(({ frames, isClosing }) => frames.length > seen || isClosing);
    }
    assert.equal(client.goaway, undefined, client.describe());
    return answersOf(client, script, samples);
  }

  it('get the same answers in any order of their frames and any cut, and reach the backend as if sent one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 6 }), order, async (made, given) => {
        const run = ++runs;
        const samples = made.map((each, i) => sampleOf(each, `/run${run}/r${i}`));
        backend.answerTo = (path) => samples.find((sample) => sample.path === path)!.answer;
        const oneByOne = new Map<string, SeenAnswer>();
        for (const sample of samples) {
          const script = scriptOf([sample], { turns: [0], noise: [Buffer.alloc(0)] });
          const answers = await play(script, [sample], { cuts: [1_000_000], initialWindow: 1_000_000, grants: [100_000] });
          oneByOne.set(sample.path, answers.get(sample.path)!);
        }
        const alone = received(backend, samples);
        backend.requests.clear();

        const together = await play(scriptOf(samples, given), samples, given);
        assert.deepEqual(received(backend, samples), alone);
        assert.deepEqual(together, oneByOne);
        for (const sample of samples) assertMeant(alone.get(sample.path)!, sample);
        assert.deepEqual(backend.errors, []);
        backend.requests.clear();
      }),
      { numRuns: 150 },
    );
  });
});

/** The one request for each path, without what differs from one to the next. */
function received(backend: RecordingBackend, samples: readonly Sample[]): Map<string, LlhttpMessage> {
  return new Map(
    samples.map(({ path }) => {
      const requests = backend.requests.get(path) ?? [];
      assert.equal(requests.length, 1, `one request for ${path}`);
      const [only] = requests as [LlhttpMessage];
      const headers = only.headers.filter((_, i) => only.headers[i - (i % 2)] !== 'x-request-id');
      return [path, { ...only, headers }];
    }),
  );
}

/** The backend has the method, body and trailers that were sent. */
function assertMeant(message: LlhttpMessage, { parts }: Sample): void {
  const [head] = parts;
  assert.equal(head?.kind === 'headers' && head.fields[0]?.[1], message.method);
  const body = Buffer.concat(parts.map((part) => (part.kind === 'data' ? part.bytes : Buffer.alloc(0))));
  assert.equal(message.body, body.toString('latin1'));
  const cookies = head?.kind === 'headers' ? head.fields.filter(([name]) => name === 'cookie').map(([, crumb]) => crumb) : [];
  const cookieAt = message.headers.indexOf('cookie');
  assert.equal(cookieAt === -1 ? '' : message.headers[cookieAt + 1], cookies.join('; '));
}

/** By path; decoded in the order in which the frames came, for the sake of the table. */
function answersOf(client: RawHttp2, script: FrameScript, samples: readonly Sample[]): Map<string, SeenAnswer> {
  const hpack = new NaiveHpack();
  const blocks = new Map<number, (readonly (readonly [string, string])[])[]>();
  for (const { type, stream, flags, payload } of client.frames) {
    if (type !== frameTypes.headers) continue;
    assert.ok((flags & endHeaders) !== 0);
    blocks.set(stream, [...(blocks.get(stream) ?? []), hpack.decode(payload)]);
  }
  return new Map(
    samples.map((sample) => {
      const stream = script.streamOf(sample);
      // All of a body may be here before its stream ends: answered then, the rest is not wanted (RFC 9113 section 8.1).
      assert.equal(client.resetCode(stream) ?? errorCodes.noError, errorCodes.noError, client.describe());
      const all = blocks.get(stream) ?? [];
      const isHead = (list: readonly (readonly [string, string])[]): boolean => list[0]?.[0] === ':status';
      const heads = all.filter(isHead).map((list) => list.filter(([name]) => name !== 'date'));
      return [sample.path, { heads, body: client.body(stream), trailers: all.filter((list) => !isHead(list)).flat() }];
    }),
  );
}
