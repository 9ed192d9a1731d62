import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Compression, compressedHead } from '../../../../src/networkproxy/compression/compression.ts';
import type { BodyFraming, RequestHead, ResponseHead } from '../../../../src/networkproxy/http1/message-handler.ts';

const compression = new Compression({
  algorithms: ['br', 'gzip'],
  types: ['text/*', 'application/json', 'image/svg+xml'],
  minBytes: 100,
  level: 'balanced',
});

function answer(headers: readonly string[], body: BodyFraming = { kind: 'chunked' }, status = 200): ResponseHead {
  return { status, reason: 'OK', headers, version: 11, body, keepAlive: true, upgrade: undefined };
}

function request(headers: readonly string[] = [], method = 'GET'): RequestHead {
  return { method, headers } as unknown as RequestHead;
}

test('Compression: answers that qualify, by type, size, status and what is said of them', () => {
  const json = ['content-type', 'application/json'];
  const eligible: readonly (readonly [ResponseHead, RequestHead])[] = [
    [answer(json), request()],
    [answer(['content-type', 'Text/HTML; charset=utf-8']), request()],
    [answer(['content-type', 'image/svg+xml', 'content-encoding', 'identity']), request()],
    [answer(json, { kind: 'length', bytes: 100 }), request()],
    [answer(json, { kind: 'close' }, 404), request([], 'POST')],
    [answer([...json, 'cache-control', 'no-cache, max-age=0']), request()],
    [answer([...json, 'content-length', '100'], { kind: 'none' }), request([], 'HEAD')],
    [answer(json, { kind: 'none' }), request([], 'HEAD')],
    [answer([], { kind: 'none' }, 304), request()],
    [answer(json, { kind: 'none' }, 304), request([], 'HEAD')],
  ];
  for (const [head, asked] of eligible) assert.equal(compression.isEligible(head, asked), true, JSON.stringify(head));
  const left: readonly (readonly [ResponseHead, RequestHead])[] = [
    [answer([]), request()],
    [answer(['content-type', 'image/png']), request()],
    [answer(['content-type', 'application/jsonx']), request()],
    [answer(json, { kind: 'length', bytes: 99 }), request()],
    [answer(json, { kind: 'none' }), request()],
    [answer([...json, 'content-length', '99'], { kind: 'none' }), request([], 'HEAD')],
    [answer([], { kind: 'none' }), request([], 'HEAD')],
    [answer(['content-type', 'image/png'], { kind: 'none' }, 304), request()],
    [answer(['cache-control', 'no-transform'], { kind: 'none' }, 304), request()],
    ...[204, 206].map((status) => [answer(json, { kind: 'chunked' }, status), request()] as const),
    [answer([...json, 'content-encoding', 'gzip']), request()],
    [answer([...json, 'content-range', 'bytes 0-9/10']), request()],
    [answer([...json, 'cache-control', 'max-age=1, No-Transform']), request()],
    [answer([...json, 'cache-control', 'a', 'cache-control', 'no-transform']), request()],
    [answer(json), request(['cache-control', 'no-transform'])],
  ];
  for (const [head, asked] of left) assert.equal(compression.isEligible(head, asked), false, JSON.stringify([head, asked]));
});

test('Compression: codings of several Accept-Encoding fields are those of one', () => {
  assert.equal(compression.codingFor(request(['accept-encoding', 'gzip;q=0.5', 'accept-encoding', 'br'])), 'br');
  assert.equal(compression.codingFor(request()), undefined);
});

test('compressedHead: a strong tag becomes weak, and what speaks of other bytes goes', () => {
  const head = answer(
    ['content-length', '500', 'etag', '"a"', 'accept-ranges', 'bytes', 'content-digest', 'x', 'vary', 'Origin', 'x-a', 'b'],
    { kind: 'length', bytes: 500 },
  );
  const { headers, body } = compressedHead(head, 'br');
  assert.deepEqual(headers, ['etag', 'W/"a"', 'vary', 'Origin', 'x-a', 'b', 'content-encoding', 'br', 'vary', 'Accept-Encoding']);
  assert.deepEqual(body, { kind: 'chunked' });
  assert.deepEqual(compressedHead(answer(['etag', 'W/"b"']), 'gzip').headers.slice(0, 2), ['etag', 'W/"b"']);
});
