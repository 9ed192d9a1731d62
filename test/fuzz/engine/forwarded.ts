import assert from 'node:assert/strict';
import { chunkEnd, chunkHeader, lastChunk } from '../../../src/networkproxy/http1/chunk-framing.ts';
import type { RequestHead } from '../../../src/networkproxy/http1/message-handler.ts';
import { isWrittenByUs, upstreamRequestHead } from '../../../src/networkproxy/http1/request-lines.ts';
import { knowsMethod, type LlhttpMessage, readWithLlhttp } from '../../tools/llhttp.ts';
import { outgoingOf } from '../../tools/outgoing-request.ts';
import { parseRequests } from '../../unit/http1/drive-parser.ts';

/** A whole request as we understood it. */
export interface UnderstoodRequest {
  readonly head: RequestHead;
  readonly body: string;
  readonly trailers: readonly string[];
}

/** For what was written again: our own fields come on top. */
const wideLimits = { maxLineBytes: 10_000, maxHeadBytes: 50_000, maxHeaders: 200 };

/** Lines that are about the next hop. */
const ownNames = ['host', 'transfer-encoding', 'connection', 'upgrade'];

/** The bytes that a backend gets are one request to another parser, and exactly the one that we understood: nothing is ambiguous. */
export function assertForwardedAsUnderstood(request: UnderstoodRequest): void {
  const { body } = request;
  const head = knowsMethod(request.head.method) ? request.head : { ...request.head, method: 'REPORT' };
  // HTTP/1.1 has no trailers behind a body of known length.
  const trailers = head.body.kind === 'chunked' ? request.trailers : [];
  const wire = Buffer.from(upstreamRequestHead(outgoingOf(head)) + framedBody({ ...request, head }), 'latin1');
  const { messages, error } = readWithLlhttp(wire, 'request');
  assert.equal(error, undefined, wire.toString('latin1'));
  assert.equal(messages.length, 1, 'one request, and nothing behind it');
  const [read] = messages as [LlhttpMessage];
  assert.ok(read.isComplete);
  assert.deepEqual([read.method, read.url, read.body, read.trailers], [head.method, head.target, body, trailers]);
  assert.deepEqual(valuesOf(read.headers, 'host'), [head.authority]);
  assert.deepEqual(valuesOf(read.headers, 'transfer-encoding'), head.body.kind === 'chunked' ? ['chunked'] : []);
  assert.deepEqual(valuesOf(read.headers, 'connection'), head.upgrade === undefined ? [] : ['upgrade']);
  assert.deepEqual(
    without(read.headers, (name) => ownNames.includes(name) || isWrittenByUs(name)),
    without(head.headers, isWrittenByUs),
  );
  // And to ourselves, once more; an HTTP/1.0 request may have no host.
  if (head.authority === '') return;
  const [again] = parseRequests([wire], { limits: wideLimits, scheme: head.scheme }).messages;
  assert.deepEqual([again?.head.target, again?.head.path, again?.head.host, again?.body], [head.target, head.path, head.host, body]);
}

function framedBody({ head, body, trailers }: UnderstoodRequest): string {
  if (head.body.kind !== 'chunked') return body;
  const chunk = body === '' ? '' : `${chunkHeader(body.length)}${body}${chunkEnd}`;
  return `${chunk}${lastChunk(trailers)}`;
}

function without(headers: readonly string[], isLeftOut: (name: string) => boolean): string[] {
  return headers.filter((_, i) => !isLeftOut(headers[i - (i % 2)] as string));
}

/** All values of a field in a flat list. */
export function valuesOf(headers: readonly string[], name: string): string[] {
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1] === name);
}
