import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from 'dns-packet';
import fc from 'fast-check';
import { updateMessage, updateRefusal } from '../../../src/acme/dns/dns-update.ts';
import { lastRecord } from '../../../src/acme/dns/message-records.ts';
import { signed, whyNotSigned } from '../../../src/acme/dns/tsig.ts';
import { Redacted } from '../../../src/redacted.ts';

const record = { name: '_acme-challenge.shop.test', zone: 'shop.test', value: 'proof' };
const key = { name: 'acme-key', algorithm: 'hmac-sha256', secret: new Redacted(Buffer.from('secret').toString('base64')) } as const;
const nowMs = Date.UTC(2026, 5, 1);

test('an update adds a text, and takes away this one and no other', () => {
  const added = decode(updateMessage('present', record, 7));
  assert.deepEqual([added.id, (added.flags ?? 0) >> 11, added.flag_qr], [7, 5, false]);
  assert.deepEqual(added.questions, [{ name: 'shop.test', type: 'SOA', class: 'IN' }]);
  const [authority] = added.authorities ?? [];
  assert.deepEqual(authority && [authority.name, authority.type], ['_acme-challenge.shop.test', 'TXT']);
  const removal = updateMessage('cleanUp', record, 7);
  // Type TXT, class NONE, without a time to live, and the data (RFC 2136, 2.5.4).
  assert.equal(removal.subarray(-16).toString('hex'), `001000fe00000000${'0006'}05${Buffer.from('proof').toString('hex')}`);
});

test('a signature covers the message, its time and its key, and an answer is believed with one over both', () => {
  const { message, mac } = signed(updateMessage('present', record, 7), key, nowMs);
  assert.equal(mac.length, 32);
  assert.equal(lastRecord(message)?.type, 250);
  const answer = Buffer.from('0007a8000000000000000000', 'hex');
  const good = answered(answer, mac, nowMs);
  assert.equal(whyNotSigned(good, key, mac, nowMs), undefined);
  assert.match(whyNotSigned(answer, key, mac, nowMs) ?? '', /does not sign its answer/);
  assert.match(whyNotSigned(good, key, Buffer.alloc(32), nowMs) ?? '', /with another key/);
  assert.match(whyNotSigned(good, key, mac, nowMs + 600_000) ?? '', /clocks are apart/);
  const changed = Buffer.from(good);
  changed[3] = 5;
  assert.match(whyNotSigned(changed, key, mac, nowMs) ?? '', /with another key/);
  assert.match(updateRefusal(changed) ?? '', /REFUSED/);
});

test('whatever comes as an answer is read without a throw, and never believed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 12, maxLength: 200 }), (bytes) => {
      assert.notEqual(whyNotSigned(Buffer.from(bytes), key, Buffer.alloc(32), nowMs), undefined);
    }),
  );
});

/** An answer as a server signs it: the MAC of the request comes first (RFC 8945, 5.3). */
function answered(answer: Buffer, requestMac: Buffer, atMs: number): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(requestMac.length);
  // `signed` signs what it is given: with the request's MAC before it, that is the text for an answer.
  const { mac } = signed(Buffer.concat([length, requestMac, answer]), key, atMs);
  const { message } = signed(answer, key, atMs);
  // In place of the MAC of the answer alone: it stands before the original identifier, error and length of other data.
  mac.copy(message, message.length - 6 - mac.length);
  return message;
}
