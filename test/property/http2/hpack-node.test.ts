import assert from 'node:assert/strict';
import { connect, constants, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { HpackDecoder } from '../../../src/networkproxy/http2/hpack/decoder.ts';
import { HpackEncoder } from '../../../src/networkproxy/http2/hpack/encoder.ts';
import { endHeaders, endStream, frame, framesOf, frameTypes, preface, settingIds, settingsPayload } from '../../tools/raw-http2.ts';

/** A server that is ours down to HPACK, for Node's HTTP/2 client (nghttp2), which has the other half of both directions. */
class HpackServer extends Duplex {
  /** The fields of each request, as our decoder reads them. */
  readonly requests: (readonly string[])[] = [];
  readonly #encoder = new HpackEncoder();
  readonly #decoder = new HpackDecoder(Buffer.alloc(65_536));
  readonly #answers: readonly (readonly string[])[];
  #received = Buffer.alloc(0);

  constructor(answers: readonly (readonly string[])[], clientTableBytes: number) {
    super();
    this.#answers = answers;
    this.#encoder.setMaxTableBytes(clientTableBytes);
    this.push(frame(frameTypes.settings, 0, 0, settingsPayload([[settingIds.maxConcurrentStreams, 1000]])));
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    const start = this.#received.subarray(0, preface.length).equals(preface) ? preface.length : 0;
    let at = start;
    for (const { type, flags, stream, payload } of framesOf(this.#received.subarray(start))) {
      if (at + 9 + payload.length > this.#received.length) break;
      at += 9 + payload.length;
      if (type === frameTypes.settings && (flags & 1) === 0) this.push(frame(frameTypes.settings, 1, 0));
      if (type === frameTypes.headers) this.#answer(stream, payload, flags);
    }
    if (at > start || start === 0) this.#received = this.#received.subarray(at);
    done();
  }

  #answer(stream: number, payload: Buffer, flags: number): void {
    assert.ok((flags & endHeaders) !== 0);
    const fields: string[] = [];
    const from = (flags & 0x20) === 0 ? 0 : 5;
    assert.ok(this.#decoder.decode(payload, from, payload.length, { onField: ({ name, value }) => fields.push(name, value) }));
    const answer = [':status', '200', ...(this.#answers[this.requests.length] ?? [])];
    this.requests.push(fields);
    const block = Buffer.alloc(HpackEncoder.maxBytes(answer));
    const end = this.#encoder.fields(answer, block, this.#encoder.begin(block, 0));
    this.push(frame(frameTypes.headers, endHeaders | endStream, stream, block.subarray(0, end)));
  }
}

const name = fc.oneof(
  fc.constantFrom('server', 'x-a', 'x-b', 'etag', 'content-type', 'set-cookie'),
  fc.stringMatching(/^x-[a-z0-9-]{1,30}$/),
);
const visible = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
const value = fc.oneof(fc.constantFrom('a', 'text/plain', 'gzip'), fc.string({ unit: visible, maxLength: 120 }));
const fieldList = fc.uniqueArray(fc.tuple(name, value), { maxLength: 8, selector: ([key]) => key });
const exchanges = fc.array(fc.record({ request: fieldList, answer: fieldList }), { minLength: 1, maxLength: 12 });

test('what we encode is what nghttp2 decodes, and what it encodes is what we decode, block after block', async () => {
  await fc.assert(
    fc.asyncProperty(exchanges, fc.constantFrom(0, 100, 4096, 65_536), async (list, tableBytes) => {
      const server = new HpackServer(
        list.map(({ answer }) => answer.flat()),
        tableBytes,
      );
      const session = connect('http://a.example', {
        createConnection: () => server,
        settings: { headerTableSize: tableBytes, enablePush: false },
      });
      session.on('error', () => {});
      try {
        for (const [i, { request, answer }] of list.entries()) {
          const headers = await ask(session.request({ [constants.HTTP2_HEADER_PATH]: `/${i}`, ...Object.fromEntries(request) }));
          for (const [key, text] of answer) assert.equal(String(headers[key]), text, key);
          const sent = server.requests[i] ?? [];
          assert.equal(sent[sent.indexOf(':path') + 1], `/${i}`);
          for (const [key, text] of request) assert.equal(sent[sent.indexOf(key) + 1], text, key);
        }
      } finally {
        session.destroy();
        server.destroy();
      }
    }),
    { numRuns: 60 },
  );
});

function ask(stream: ReturnType<ReturnType<typeof connect>['request']>): Promise<IncomingHttpHeaders & IncomingHttpStatusHeader> {
  return new Promise((resolve, reject) => {
    stream.on('response', resolve);
    stream.on('error', reject);
    stream.on('close', () => reject(new Error(`Cannot read an answer: the stream closed with ${stream.rstCode}`)));
    stream.resume();
  });
}
