import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isForbiddenInTrailers, isForwarded, isHopByHop, isProtectedFromNomination } from '../../../src/networkproxy/header-names.ts';

describe('header names', () => {
  it('know the fields that end at the next hop', () => {
    for (const name of [
      'connection',
      'keep-alive',
      'proxy-connection',
      'te',
      'transfer-encoding',
      'upgrade',
      'http2-settings',
      'proxy-authorization',
    ]) {
      assert.ok(isHopByHop(name), name);
    }
    for (const name of ['host', 'content-length', 'trailer', 'accept', 'sec-websocket-key']) assert.ok(!isHopByHop(name), name);
  });

  it('know the fields that only trusted proxies may write', () => {
    for (const name of [
      'x-forwarded-for',
      'x-forwarded-proto',
      'x-forwarded-host',
      'x-forwarded-port',
      'x-forwarded-new',
      'x-real-ip',
      'forwarded',
    ]) {
      assert.ok(isForwarded(name), name);
    }
    for (const name of ['x-forwarded', 'x-request-id', 'from', 'x-real-ip-2', '']) assert.ok(!isForwarded(name), name);
  });

  it('protect what every recipient needs from Connection', () => {
    for (const name of ['host', 'content-length', 'authorization', 'cookie', 'x-forwarded-for', 'x-real-ip', 'forwarded']) {
      assert.ok(isProtectedFromNomination(name), name);
    }
    for (const name of ['te', 'x-custom', 'keep-alive', 'http2-settings']) assert.ok(!isProtectedFromNomination(name), name);
  });

  it('keep framing, routing, authentication and forwarding out of trailers', () => {
    for (const name of [
      'host',
      'content-length',
      'transfer-encoding',
      'authorization',
      'set-cookie',
      'connection',
      'x-forwarded-for',
      'trailer',
      'te',
    ]) {
      assert.ok(isForbiddenInTrailers(name), name);
    }
    for (const name of ['grpc-status', 'grpc-message', 'server-timing', 'etag', 'x-checksum'])
      assert.ok(!isForbiddenInTrailers(name), name);
  });
});
