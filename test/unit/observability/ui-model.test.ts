import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportedRule } from '../../../src/ask/reports/route-report.ts';
import { ago, counted, fromNow, meanDuration, perSecond, shortTime, socketText } from '../../../src/observability/ui/browser/dom/format.ts';
import { hashOf, placeOf } from '../../../src/observability/ui/browser/model/location.ts';
import { mergeRules } from '../../../src/observability/ui/browser/model/merge-rules.ts';
import { Rates } from '../../../src/observability/ui/browser/model/rates.ts';

test('Rates: differences of totals over the last seconds', () => {
  const rates = new Rates();
  assert.equal(rates.perSecond('a'), undefined);
  rates.note('a', { requests: 100, errors: 1 }, 0);
  assert.equal(rates.perSecond('a'), undefined, 'read once');
  rates.note('a', { requests: 120, errors: 1 }, 2000);
  assert.deepEqual(rates.perSecond('a'), { requests: 10, errors: 0 });
  for (let second = 4; second <= 30; second += 2) rates.note('a', { requests: 120, errors: 1 }, second * 1000);
  assert.deepEqual(rates.perSecond('a'), { requests: 0, errors: 0 }, 'what was long ago is forgotten');
});

test('Rates: after a pause the totals from before it still count, and a program that was started anew begins at 0', () => {
  const rates = new Rates();
  rates.note('a', { requests: 100 }, 0);
  rates.note('a', { requests: 400 }, 60_000);
  assert.deepEqual(rates.perSecond('a'), { requests: 5 });
  rates.note('a', { requests: 10 }, 62_000);
  assert.equal(rates.perSecond('a'), undefined);
  rates.note('a', { requests: 30 }, 64_000);
  assert.deepEqual(rates.perSecond('a'), { requests: 10 });
});

test('Rates: what is kept no longer is forgotten', () => {
  const rates = new Rates();
  for (const key of ['a', 'b']) for (const atMs of [0, 1000]) rates.note(key, { requests: atMs }, atMs);
  rates.keep(new Set(['b']));
  assert.deepEqual([rates.perSecond('a'), rates.perSecond('b')], [undefined, { requests: 1000 }]);
});

test('format: numbers with few digits, and times as people say them', () => {
  assert.deepEqual([0, 0.04, 0.44, 1, 12.34, 99.96, 1234.5].map(perSecond), ['0', '0.04', '0.4', '1', '12.3', '100', '1,235']);
  assert.deepEqual([counted(1, 'route'), counted(1200, 'route'), counted(0, 'entry', 'entries')], ['1 route', '1,200 routes', '0 entries']);
  assert.deepEqual([ago(20), ago(3000)], ['just now', '3 s ago']);
  const nowMs = Date.parse('2026-06-01T12:00:00Z');
  assert.deepEqual(
    ['2026-06-03T12:00:00Z', '2026-06-01T11:59:00Z'].map((iso) => fromNow(iso, nowMs)),
    ['in 2 d 0 h', '1 m 0 s ago'],
  );
  assert.deepEqual([shortTime('2026-06-01T12:00:07.123Z'), shortTime(undefined)], ['2026-06-01 12:00Z', '–']);
});

test('format: mean times below a millisecond are not nothing, and IPv6 addresses have brackets', () => {
  assert.deepEqual([0.042, 0.44, 3.21, 12.6, 2100].map(meanDuration), ['0.04 ms', '0.4 ms', '3.2 ms', '13 ms', '2 s']);
  const client = (remoteAddress: string) => socketText({ remoteAddress, remotePort: 443 });
  assert.deepEqual([client('192.0.2.7'), client('2001:db8::7')], ['192.0.2.7:443', '[2001:db8::7]:443']);
});

test('location: a place and its hash are one, whatever is in the query; other hashes are no places', () => {
  const query = { filter: 'a?b&c=#/d', route: 'Ingress a/b x.localhost prefix /', empty: '' };
  const place = placeOf(hashOf('routes', query));
  assert.equal(place?.view, 'routes');
  assert.deepEqual(Object.fromEntries(place?.query ?? []), { filter: query.filter, route: query.route });
  assert.equal(placeOf('#/explain?url=http://shop.localhost/a?b=c?d')?.query.get('url'), 'http://shop.localhost/a?b=c?d');
  assert.deepEqual(placeOf('')?.view, '');
  assert.deepEqual(placeOf('#/')?.view, '');
  assert.equal(placeOf('#main'), undefined);
});

test('mergeRules: what differs by its host alone is one rule, in the order of the first', () => {
  const rule = (key: string, host: string | undefined, match: string): ReportedRule => ({
    key,
    ...(host !== undefined && { host }),
    match,
    listeners: [],
    tls: 'none',
    action: 'answer 204',
    backends: [],
  });
  const merged = mergeRules([
    rule('1', 'a', '/x'),
    rule('2', 'a', '/'),
    rule('3', 'b', '/x'),
    rule('4', undefined, '/'),
    rule('5', 'b', '/y'),
  ]);
  assert.deepEqual(
    merged.map(({ key, hosts, match }) => [key, hosts, match]),
    [
      ['1', ['a', 'b'], '/x'],
      ['2', ['a'], '/'],
      ['5', ['b'], '/y'],
    ],
  );
});
