import assert from 'node:assert/strict';
import type { RequestHead } from '../../src/networkproxy/http1/message-handler.ts';
import { normaliseTarget } from '../../src/networkproxy/path-normalisation.ts';
import { hostileRequests } from '../corpus/http1/hostile-requests.ts';
import { knowsMethod, readWithLlhttp } from '../tools/llhttp.ts';
import { type Outcome, parseRequests } from '../unit/http1/drive-parser.ts';
import { assertForwardedAsUnderstood, valuesOf } from './engine/forwarded.ts';
import { fuzz } from './engine/fuzz.ts';
import { assertSameOutcome } from './engine/same-outcome.ts';
import { splitsOf } from './engine/splits.ts';

type Message = Outcome<RequestHead>['messages'][number];

/** Small ones, so that inputs of a few hundred bytes go over them. */
const limits = { maxLineBytes: 200, maxHeadBytes: 700, maxHeaders: 12, maxChunkExtensionBytes: 40, maxTrailerBytes: 120 };

const words = [
  ...['\r\n', '\r\n\r\n', '\n', '\r', ' ', '\t', ':', ';', ',', '"', '\0', '0\r\n\r\n', '5\r\nhello\r\n', ';a="b"', 'GET / HTTP/1.1\r\n'],
  ...['Host: a.test\r\n', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', 'Connection: close\r\n', 'Connection: upgrade\r\n'],
  ...['Upgrade: websocket\r\n', 'Expect: 100-continue\r\n', 'HTTP/1.0', 'HTTP/1.1', 'chunked', 'identity', 'OPTIONS *', 'http://a.test'],
  ...['Connection: x-a, x-b\r\n', 'X-A: b\r\n', 'Trailer: x\r\n', 'Cookie: a=b\r\n', 'X_Y: z\r\n', '%2e', '/../', '%00', '%41', '?', '#'],
  ...['Proxy: x\r\n', 'TE: trailers\r\n', 'Keep-Alive: 5\r\n', 'Forwarded: for=x\r\n', 'X-Forwarded-For: 1.2.3.4\r\n', '[::1]', ':80'],
];

fuzz({
  name: 'http1-request',
  isText: true,
  seeds: hostileRequests.map(({ text }) => Buffer.from(text, 'latin1')),
  words,
  check(input) {
    for (const given of [undefined, limits]) {
      const whole = parseRequests([input], { finish: true, limits: given });
      for (const pieces of splitsOf(input)) assertSameOutcome(parseRequests(pieces, { finish: true, limits: given }), whole);
      assertBounded(whole, input);
    }
    // Without the end of input, which is a defect of its own.
    const { messages, rule, rest, midMessage } = parseRequests([input]);
    const complete = messages.filter(({ trailers }) => trailers !== undefined);
    for (const { head, body, trailers = [] } of complete) assertForwardedAsUnderstood({ head, body, trailers });
    if (rule === undefined && rest === '' && !midMessage) assertReadAlike(complete, input);
  },
});

/** What a parser tells is never more than what came. */
function assertBounded({ messages }: Outcome<RequestHead>, input: Buffer): void {
  let told = 0;
  for (const { head, body, trailers } of messages) told += head.headers.join('').length + body.length + (trailers ?? []).join('').length;
  assert.ok(told <= input.length, `${told} bytes out of ${input.length}`);
}

/** What we took whole, llhttp takes for the same messages. */
function assertReadAlike(understood: readonly Message[], input: Buffer): void {
  const { messages, error } = readWithLlhttp(input, 'request');
  const hasUpgrade = understood.some(({ head }) => head.upgrade !== undefined);
  if (hasUpgrade || understood.some(({ head }) => !knowsMethod(head.method))) return;
  assert.equal(error, undefined);
  assert.equal(messages.length, understood.length, 'as many messages');
  for (const [i, read] of messages.entries()) {
    const { head, body, trailers } = understood[i] as Message;
    assert.equal(read.isComplete, true);
    assert.equal(read.method, head.method);
    assert.equal(read.body, body);
    assert.equal(read.version, head.version);
    if (read.url.startsWith('/')) assert.deepEqual(normaliseTarget(read.url), { kind: 'target', target: head.target, path: head.path });
    assert.deepEqual(valuesOf(read.headers, 'content-length'), valuesOf(head.headers, 'content-length'));
    for (let at = 0; at < head.headers.length; at += 2) {
      const name = head.headers[at] as string;
      assert.deepEqual(valuesOf(head.headers, name), valuesOf(read.headers, name), name);
    }
    for (let at = 0; at < (trailers ?? []).length; at += 2) {
      const name = trailers?.[at] as string;
      assert.deepEqual(valuesOf(trailers ?? [], name), valuesOf(read.trailers, name), name);
    }
  }
}
