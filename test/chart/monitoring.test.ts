import assert from 'node:assert/strict';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { chartPath, helm, release, renderedChart } from '../tools/chart.ts';
import { helmUnavailable } from '../tools/helm-kubectl.ts';
import type { AnyObject } from '../tools/objects.ts';
import { objectsIn } from '../tools/shipped-manifests.ts';

const skip = helmUnavailable() ?? false;
const copies: string[] = [];
after(() => {
  for (const folder of copies) rmSync(folder, { recursive: true, force: true });
});

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RuleGroup {
  readonly name: string;
  readonly rules: readonly Rule[];
}

const alerts = {
  groups: [
    {
      name: 'traffic',
      interval: '1m',
      rules: [
        { alert: 'Errors', expr: 'a > 1', for: '5m', labels: { severity: 'page' }, annotations: { summary: '{{ $labels.pod }} fails' } },
        { alert: 'Slow', expr: 'b > 1', annotations: { summary: 'slow', runbook_url: 'docs/runbooks/slow.md' } },
        { record: 'job:a:rate5m', expr: 'rate(a[5m])' },
      ],
    },
    { name: 'health', rules: [{ alert: 'Gone', expr: 'up == 0', labels: { severity: 'page' } }] },
  ],
};

/** What the chart makes of `metrics` when it has these alerts and dashboards. */
async function rendered(metrics: object, files: Readonly<Record<string, string>>): Promise<readonly AnyObject[]> {
  const folder = mkdtempSync(join(tmpdir(), 'smartproxy-chart-'));
  copies.push(folder);
  const chart = join(folder, 'smartproxy-ingress');
  cpSync(chartPath, chart, { recursive: true });
  rmSync(join(chart, 'files/dashboards'), { recursive: true, force: true });
  mkdirSync(join(chart, 'files/dashboards'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(chart, 'files', name), text);
  const args = ['template', release, chart, '--namespace', release, '--values', '-'];
  const { ok, stdout, stderr } = await helm(args, JSON.stringify({ metrics }));
  assert.ok(ok, stderr);
  return objectsIn(stdout);
}

function groupsOf(objects: readonly AnyObject[]): readonly RuleGroup[] {
  const rule = objects.find(({ kind }) => kind === 'PrometheusRule');
  return (rule?.spec as { readonly groups: readonly RuleGroup[] } | undefined)?.groups ?? [];
}

test('chart: its alerts and dashboards are those of deploy/prometheus and deploy/grafana, no fewer and no more', () => {
  const pairs = [
    ['deploy/grafana/*.json', 'files/dashboards/*.json'],
    ['deploy/prometheus/alerts.yaml', 'files/alerts.yaml'],
  ] as const;
  for (const [sources, files] of pairs) {
    const contents = (paths: readonly string[]) => Object.fromEntries(paths.map((path) => [basename(path), readFileSync(path, 'utf8')]));
    assert.deepEqual(contents(globSync(join(chartPath, files))), contents(globSync(sources)), 'run "npm run generate"');
  }
});

test('chart: the PrometheusRule has every rule as it is written, templates in annotations included', { skip }, async () => {
  const objects = await rendered({ prometheusRule: { enabled: true } }, { 'alerts.yaml': JSON.stringify(alerts) });
  assert.deepEqual(groupsOf(objects), alerts.groups);
});

test('chart: alerts are left out by name, a group without rules too; labels and groups are added', { skip }, async () => {
  const extraGroups = [{ name: 'own', rules: [{ alert: 'Own', expr: 'vector(1)' }] }];
  const prometheusRule = { enabled: true, disabled: ['Slow', 'Gone'], alertLabels: { team: 'network' }, extraGroups };
  const groups = groupsOf(await rendered({ prometheusRule }, { 'alerts.yaml': JSON.stringify(alerts) }));
  assert.deepEqual(
    groups.map(({ name, rules }) => [name, rules.map(({ alert, record }) => alert ?? record)]),
    [
      ['traffic', ['Errors', 'job:a:rate5m']],
      ['own', ['Own']],
    ],
  );
  assert.deepEqual(groups[0]?.rules[0]?.labels, { severity: 'page', team: 'network' });
  assert.equal(groups[0]?.rules[1]?.labels, undefined);
});

test('chart: runbooks are found where the prefix says', { skip }, async () => {
  const prometheusRule = { enabled: true, runbookPrefix: 'https://runbooks.test/' };
  const [group] = groupsOf(await rendered({ prometheusRule }, { 'alerts.yaml': JSON.stringify(alerts) }));
  assert.equal(group?.rules[1]?.annotations?.runbook_url, 'https://runbooks.test/docs/runbooks/slow.md');
  assert.deepEqual(group?.rules[0], alerts.groups[0]?.rules[0]);
});

test('chart: each dashboard is in a ConfigMap of its own that the sidecar of Grafana finds', { skip }, async () => {
  const fleet = '{\n  "title": "Fleet",\n\n  "expr": "{{pod}} {{ .Values.kind }}"\n}\n';
  const objects = await rendered(
    { dashboards: { enabled: true, namespace: 'monitoring', labels: { other: 'x' }, annotations: { grafana_folder: 'Edge' } } },
    { 'dashboards/smartproxy-fleet.json': fleet, 'dashboards/route-detail.json': '{"title": "Route"}' },
  );
  const maps = objects.filter(({ kind }) => kind === 'ConfigMap');
  assert.deepEqual(
    maps.map(({ metadata }) => [metadata.namespace, metadata.name]),
    [
      ['monitoring', 'smartproxy-ingress-route-detail'],
      ['monitoring', 'smartproxy-ingress-fleet'],
    ],
  );
  const map = maps[1];
  assert.deepEqual(map?.data, { 'smartproxy-fleet.json': fleet.trimEnd() });
  const labels = map?.metadata.labels as Readonly<Record<string, string>>;
  assert.equal(labels.grafana_dashboard, '1');
  assert.equal(labels.other, 'x');
  assert.deepEqual(map?.metadata.annotations, { grafana_folder: 'Edge' });
});

test('chart: with its defaults nothing needs the Prometheus operator or Grafana', { skip }, async () => {
  const text = await renderedChart({});
  assert.doesNotMatch(text, /monitoring\.coreos\.com|grafana/);
});

test('chart: the alerts of deploy/prometheus are all in the PrometheusRule', { skip }, async () => {
  const groups = globSync('deploy/prometheus/alerts.yaml').flatMap(
    (path) => (parse(readFileSync(path, 'utf8')) as { readonly groups: readonly RuleGroup[] }).groups,
  );
  assert.deepEqual(groupsOf(objectsIn(await renderedChart({ metrics: { prometheusRule: { enabled: true } } }))), groups);
});
