import assert from 'node:assert/strict';
import { chunkEnd, chunkHeader, lastChunk } from '../../src/networkproxy/http1/chunk-framing.ts';
import type { RequestHead, ResponseHead } from '../../src/networkproxy/http1/message-handler.ts';
import { clientFraming, clientResponseHead } from '../../src/networkproxy/http1/response-lines.ts';
import { hostileResponses } from '../corpus/http1/hostile-responses.ts';
import { type LlhttpMessage, readWithLlhttp } from '../tools/llhttp.ts';
import { type Outcome, parseResponse } from '../unit/http1/drive-parser.ts';
import { fuzz } from './engine/fuzz.ts';
import { assertSameOutcome } from './engine/same-outcome.ts';
import { splitsOf } from './engine/splits.ts';

type Message = Outcome<ResponseHead>['messages'][number];

const limits = { maxLineBytes: 100, maxHeadBytes: 500, maxHeaders: 10, maxChunkExtensionBytes: 40, maxTrailerBytes: 120 };

/** What was asked decides how the answer is read. */
const requests = [
  { method: 'GET', upgradeAsked: false },
  { method: 'HEAD', upgradeAsked: false },
  { method: 'GET', upgradeAsked: true },
];

const words = [
  ...['\r\n', '\r\n\r\n', '\n', '\r', ' ', '\t', ':', ';', ',', '"', '\0', '0\r\n\r\n', '5\r\nhello\r\n', ';a="b"', 'HTTP/1.1 200 OK\r\n'],
  ...['HTTP/1.1 204 No Content\r\n', 'HTTP/1.1 304 Not Modified\r\n', 'HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\n'],
  ...['HTTP/1.1 101 Switching Protocols\r\n', 'HTTP/1.0 200 OK\r\n', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n'],
  ...['Connection: close\r\n', 'Connection: upgrade\r\nUpgrade: websocket\r\n', 'Connection: x-a, date\r\n', 'X-A: b\r\n', 'X_Y: z\r\n'],
  ...['Set-Cookie: a=b\r\n', 'Date: x\r\n', 'Trailer: x\r\n', 'Keep-Alive: 5\r\n', 'Proxy-Authenticate: x\r\n', 'Content-Length: 0\r\n'],
];

fuzz({
  name: 'http1-response',
  isText: true,
  seeds: hostileResponses.map(({ text }) => Buffer.from(text, 'latin1')),
  words,
  check(input) {
    for (const asked of requests) {
      for (const given of [undefined, limits]) {
        const whole = parseResponse([input], { ...asked, finish: true, limits: given });
        for (const pieces of splitsOf(input)) assertSameOutcome(parseResponse(pieces, { ...asked, finish: true, limits: given }), whole);
        assertBounded(whole, input);
      }
      const { messages } = parseResponse([input], { ...asked, finish: true });
      for (const message of messages) if (message.trailers !== undefined) assertSentAsUnderstood(message, asked.method);
      assertReadAlike(input, asked);
    }
  },
});

function assertBounded({ messages, informational }: Outcome<ResponseHead>, input: Buffer): void {
  let told = informational.flatMap(({ headers }) => headers).join('').length;
  for (const { head, body, trailers } of messages) told += head.headers.join('').length + body.length + (trailers ?? []).join('').length;
  assert.ok(told <= input.length, `${told} bytes out of ${input.length}`);
  assert.ok(messages.length <= 1);
}

/** The bytes that a client gets: to another parser they are one answer, and the one that we understood. */
function assertSentAsUnderstood(message: Message, method: string): void {
  const { head } = message;
  if (head.status < 200) return; // a switch of protocols is written by the tunnel
  const request = { version: 11, method } as RequestHead;
  const framing = clientFraming(head, request);
  let wire = clientResponseHead(head, framing, true, request);
  if (framing.kind !== 'none') wire += framing.kind === 'chunked' ? chunkedBody(message) : message.body;
  const kind = method === 'HEAD' ? 'response-to-head' : 'response';
  const { messages, error } = readWithLlhttp(Buffer.from(wire, 'latin1'), kind);
  assert.equal(error, undefined, wire);
  assert.equal(messages.length, 1, 'one answer, and nothing behind it');
  const [read] = messages as [LlhttpMessage];
  assert.ok(read.isComplete);
  assert.deepEqual([read.status, read.body, read.trailers], [head.status, message.body, message.trailers]);
  const sent = without(read.headers, 'transfer-encoding');
  const hasDate = head.headers.some((name, i) => i % 2 === 0 && name === 'date');
  assert.deepEqual(hasDate ? sent : without(sent, 'date'), head.headers);
}

/** What we took whole, llhttp takes for the same answer. */
function assertReadAlike(input: Buffer, asked: (typeof requests)[number]): void {
  const { messages, informational, rest, rule } = parseResponse([input], { ...asked, finish: true });
  const [understood] = messages;
  if (understood?.trailers === undefined || rule !== undefined || rest !== '' || informational.length > 0) return;
  if (understood.head.status < 200) return;
  const { messages: others, error } = readWithLlhttp(input, asked.method === 'HEAD' ? 'response-to-head' : 'response');
  // An equal Content-Length may be repeated by backends, which llhttp refuses.
  if (error === 'HPE_UNEXPECTED_CONTENT_LENGTH') return;
  assert.equal(error, undefined);
  const [read] = others as [LlhttpMessage];
  assert.equal(others.length, 1);
  assert.deepEqual([read.status, read.version, read.body], [understood.head.status, understood.head.version, understood.body]);
}

function chunkedBody({ body, trailers }: Message): string {
  const chunk = body === '' ? '' : `${chunkHeader(body.length)}${body}${chunkEnd}`;
  return `${chunk}${lastChunk(trailers ?? [])}`;
}

function without(headers: readonly string[], name: string): string[] {
  return headers.filter((_, i) => headers[i - (i % 2)] !== name);
}
