import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorTable } from '../../../src/networkproxy/error-table.ts';
import { errorReply, serialiseLocalReply } from '../../../src/networkproxy/local-reply.ts';
import { responseFlags } from '../../../src/observability/counters/response-flag.ts';

test('every response flag has a row, and its answer is a whole HTTP message with a reason phrase of its own', () => {
  for (const flag of responseFlags) {
    const { status } = errorTable[flag];
    if (status === 0 || status === 499) continue;
    const text = serialiseLocalReply(errorReply(flag), true, false, new Date(0));
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} (?!Error)[A-Z][A-Za-z -]+\\r\\n`), flag);
    const [head = '', body] = text.split('\r\n\r\n');
    assert.equal(Number(/content-length: (\d+)/.exec(head)?.[1]), body?.length);
  }
});

test('an answer to HEAD says the length and sends no body; one that closes says so', () => {
  const text = serialiseLocalReply(errorReply('no_host'), false, true, new Date(0));
  assert.ok(text.endsWith('\r\n\r\n'));
  assert.match(text, /content-length: [1-9]/);
  assert.match(text, /\r\nconnection: close\r\n/);
});
