import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificatesShown, SoonestCertificates } from '../../../src/observability/soonest-certificates.ts';

test('SoonestCertificates: as many as may be shown, those that expire first, whatever the order', () => {
  const all = Array.from({ length: 3 * certificatesShown }, (_, nth) => ({ key: `shop/c${nth}`, notAfterMs: ((nth * 7) % 300) * 1000 }));
  const shown = new SoonestCertificates().in(new Map(all.map((certificate) => [certificate.key, certificate])));
  assert.deepEqual(
    shown.map(({ notAfterMs }) => notAfterMs),
    Array.from({ length: certificatesShown }, (_, nth) => nth * 1000),
  );
});

test('SoonestCertificates: looks again at another table, and only then', () => {
  const soonest = new SoonestCertificates();
  const first = new Map([['a', { key: 'a', notAfterMs: 1 }]]);
  assert.equal(soonest.in(first), soonest.in(first));
  assert.deepEqual(soonest.in(new Map([['b', { key: 'b', notAfterMs: 2 }]])), [{ key: 'b', notAfterMs: 2 }]);
});
