import assert from 'node:assert/strict';
import { RecordedConnection, recordedLimits } from '../tools/recorded-http2.ts';
import { assertForwardedAsUnderstood } from './engine/forwarded.ts';
import { fuzz } from './engine/fuzz.ts';
import { connectionSeeds, mutateConnection } from './engine/http2-inputs.ts';
import { splitsOf } from './engine/splits.ts';

fuzz({
  name: 'http2-frames',
  isText: false,
  seeds: connectionSeeds,
  words: [
    '\0\0\0\x04\0\0\0\0\0',
    '\0\0\x05\0\x01\0\0\0\x01hello',
    '\0\0\0',
    '\x01\x25\0\0\0\x03',
    '\xff\xff\xff\xff',
    '\x82\x84\x86',
    '\0\0\x08\x06',
  ],
  mutate: mutateConnection,
  check(input) {
    const connection = new RecordedConnection();
    const whole = connection.read([input]);
    for (const pieces of splitsOf(input)) assert.deepEqual(new RecordedConnection().read(pieces), whole);
    for (const { head, body, trailers } of connection.requests) {
      if (head === undefined || trailers === undefined) continue;
      const bytes = head.body.kind === 'length' ? head.body.bytes : head.body.kind === 'none' ? 0 : body.length;
      // Another length than the head says is refused by the stream; a WebSocket's bytes are no body.
      if (body.length === bytes && head.upgrade === undefined) assertForwardedAsUnderstood({ head, body, trailers });
    }
    for (const { head } of connection.requests) {
      if (head === undefined) continue;
      assert.ok(
        head.headers.reduce((sum, text) => sum + text.length, 0) <= recordedLimits.maxHeaderBytes + 100,
        'no more than the limit of the list',
      );
      assert.ok(head.headers.length <= 2 * (recordedLimits.maxHeaders + 1));
    }
  },
});
