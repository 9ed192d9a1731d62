import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { Exposition } from '../../src/observability/exposition.ts';
import { alertFile, readAlerts } from '../../tools/alert-docs.ts';
import { fleetOf, metricSource, someTraffic } from '../tools/metric-source.ts';
import { prometheusMissing, prometheusPrograms } from '../tools/prometheus-programs.ts';

const cases = 'test/metrics/alerts.test.yaml';
const skip = prometheusMissing();

function promtool(args: readonly string[], input = ''): void {
  const { status, stdout, stderr } = spawnSync(prometheusPrograms().promtool, args, { input, encoding: 'utf8' });
  assert.equal(status, 0, `promtool ${args.join(' ')}\n${stdout}${stderr}`);
}

test('promtool accepts the alerts', { skip }, () => promtool(['check', 'rules', alertFile]));

test('promtool: every alert fires when it is to, and only then', { skip }, () => promtool(['test', 'rules', cases]));

test('every alert has a case in which it fires and one in which it does not', () => {
  interface Case {
    readonly name: string;
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
  }
  const { tests } = parse(readFileSync(cases, 'utf8')) as { readonly tests: readonly Case[] };
  assert.deepEqual(
    tests.map(({ name }) => name).sort(),
    readAlerts()
      .flatMap(({ alert }) => [`${alert} fires`, `${alert} does not fire`])
      .sort(),
  );
  for (const { name, alert_rule_test: checks } of tests) {
    assert.ok(checks.length > 0, name);
    for (const { alertname, exp_alerts: expected } of checks) {
      assert.equal(name.split(' ')[0], alertname);
      assert.equal(expected.length > 0, name.endsWith(' fires'), name);
    }
  }
});

test('promtool finds nothing to say about our metrics', { skip }, async () => {
  const chunks = await new Exposition(async () => metricSource(fleetOf(someTraffic))).render();
  promtool(['check', 'metrics'], chunks.join(''));
});
