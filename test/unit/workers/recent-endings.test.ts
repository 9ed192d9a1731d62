import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionLogEntry } from '../../../src/observability/access-log-entry.ts';
import { RecentEndings } from '../../../src/workers/recent-endings.ts';

function entry(id: number, changes: Partial<ConnectionLogEntry> = {}): ConnectionLogEntry {
  return {
    id: String(id),
    layer4: false,
    listener: 'http',
    remoteAddress: '192.0.2.1',
    remotePort: id,
    serverName: undefined,
    proxied: undefined,
    route: 'Ingress shop/web shop.example prefix /',
    service: undefined,
    endpoint: '10.0.0.1:80',
    side: 'client',
    reason: 'normal',
    bytesReceived: 1,
    bytesSent: 2,
    durationMs: 3000,
    ...changes,
  };
}

function ids(endings: RecentEndings, limit: number, filter = {}): readonly string[] {
  return endings.list(limit, filter).map(({ id }) => id);
}

test('the latest come first, before and after the ring has gone round', () => {
  const endings = new RecentEndings();
  assert.deepEqual(ids(endings, 10), []);
  for (let id = 0; id < 3; id++) endings.add(entry(id), id);
  assert.deepEqual(ids(endings, 2), ['2', '1']);
  for (let id = 3; id < 2005; id++) endings.add(entry(id), id);
  assert.deepEqual(ids(endings, 2), ['2004', '2003']);
  const all = ids(endings, 10_000);
  assert.deepEqual([all.length, all.at(-1)], [1000, '1005']);
});

test('a filter means what it means of open connections, and older is how long one lasted', () => {
  const endings = new RecentEndings();
  endings.add(entry(1), 1);
  endings.add(entry(2, { route: 'SmartRoute shop/mail mail', durationMs: 10 }), 2);
  assert.deepEqual(ids(endings, 10, { route: 'Ingress shop/web' }), ['1']);
  assert.deepEqual(ids(endings, 10, { olderMs: 3000 }), ['1']);
  assert.deepEqual(ids(endings, 10, { olderMs: 3001 }), []);
  assert.deepEqual(ids(endings, 10, { endpoint: '10.0.0.1:80' }), ['2', '1']);
});
