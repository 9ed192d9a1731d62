import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chunkEnd, chunkHeader, lastChunk } from '../../../src/networkproxy/http1/chunk-framing.ts';
import { serialiseRequestHead, serialiseResponseHead } from '../../../src/networkproxy/http1/serialise-head.ts';

describe('serialised heads', () => {
  it('begin a request with its line and host, and end with an empty line', () => {
    const head = serialiseRequestHead('GET', '/a?b', 'a.test:80', ['accept', '*/*', 'x-a', ''], { kind: 'none' }, '');
    assert.equal(head, 'GET /a?b HTTP/1.1\r\nhost: a.test:80\r\naccept: */*\r\nx-a: \r\n\r\n');
  });

  it('say chunked for a chunked body and put extra lines last', () => {
    const head = serialiseRequestHead('POST', '/', 'a.test', [], { kind: 'chunked' }, 'connection: close\r\n');
    assert.equal(head, 'POST / HTTP/1.1\r\nhost: a.test\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n');
  });

  it('leave Content-Length to the list', () => {
    const head = serialiseResponseHead(200, 'OK', ['content-length', '5'], { kind: 'length', bytes: 5 }, '');
    assert.equal(head, 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n');
  });

  it('keep the space before an empty reason', () => {
    assert.equal(serialiseResponseHead(204, '', [], { kind: 'none' }, ''), 'HTTP/1.1 204 \r\n\r\n');
  });
});

describe('chunk framing', () => {
  it('writes sizes in hexadecimal', () => {
    assert.equal(`${chunkHeader(255)}...${chunkEnd}`, 'ff\r\n...\r\n');
  });

  it('ends a body with and without trailers', () => {
    assert.equal(lastChunk([]), '0\r\n\r\n');
    assert.equal(lastChunk(['x-a', 'b', 'x-c', 'd']), '0\r\nx-a: b\r\nx-c: d\r\n\r\n');
  });
});
