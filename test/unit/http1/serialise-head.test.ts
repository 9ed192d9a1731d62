import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chunkEnd, chunkHeader, lastChunk } from '../../../src/networkproxy/http1/chunk-framing.ts';
import { serialiseResponseHead } from '../../../src/networkproxy/http1/serialise-head.ts';

describe('serialiseResponseHead', () => {
  it('begins with the status line and ends with an empty line', () => {
    const head = serialiseResponseHead(404, 'Not Found', ['x-a', 'b', 'x-c', ''], { kind: 'close' }, '');
    assert.equal(head, 'HTTP/1.1 404 Not Found\r\nx-a: b\r\nx-c: \r\n\r\n');
  });

  it('says chunked for a chunked body and puts extra lines last', () => {
    const head = serialiseResponseHead(200, 'OK', [], { kind: 'chunked' }, 'connection: close\r\n');
    assert.equal(head, 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n');
  });

  it('leaves Content-Length to the list', () => {
    const head = serialiseResponseHead(200, 'OK', ['content-length', '5'], { kind: 'length', bytes: 5 }, '');
    assert.equal(head, 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n');
  });

  it('keeps the space before an empty reason', () => {
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
