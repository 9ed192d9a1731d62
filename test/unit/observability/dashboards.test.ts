import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { readAlerts } from '../../../tools/alert-docs.ts';
import { exportedNames } from '../../tools/observed/exported-names.ts';
import { metricOf, selectorsOf, substituted } from '../../tools/observed/promql.ts';
import { shippedDashboards } from '../../tools/observed/shipped-dashboards.ts';

const dashboards = shippedDashboards();
const variableNames = ['datasource', 'namespace', 'class', 'route_namespace', 'route', '__rate_interval', '__range'];
const anyValue = Object.fromEntries(variableNames.map((name) => [name, name.startsWith('__') ? '1m' : 'x']));

/** Every query that is shipped, with where it stands. */
const queries = [
  ...dashboards.flatMap(({ file, panels, variables }) => [
    ...panels.flatMap(({ panel, exprs }) => exprs.map((expr) => ({ where: `${basename(file)}: ${panel.title}`, expr }))),
    ...variables.map(({ name, query }) => ({
      where: `${basename(file)}: variable ${name}`,
      expr: query.replace(/^label_values\((.*), \w+\)$/s, '$1'),
    })),
  ]),
  ...readAlerts().map(({ alert, expr }) => ({ where: alert, expr })),
];

test('dashboards and alerts: every metric that a query names is exported', () => {
  assert.ok(queries.length > 100);
  for (const { where, expr } of queries) {
    const selectors = selectorsOf(substituted(expr, anyValue));
    assert.ok(selectors.length > 0, `${where} names no metric: ${expr}`);
    for (const selector of selectors)
      assert.ok(exportedNames.has(metricOf(selector)), `${where} names ${metricOf(selector)}, which is not exported`);
  }
});

test('dashboards and alerts: only what never goes down has a rate', () => {
  for (const { where, expr } of queries) {
    for (const [, name = ''] of expr.matchAll(/\b(?:rate|increase)\((\w+)/g))
      assert.equal(exportedNames.get(name), 'counter', `${where}: ${name}`);
  }
});

test('dashboards: five of them, with their own uid, which is the name of the file', () => {
  assert.equal(dashboards.length, 5);
  for (const { file, dashboard } of dashboards) {
    assert.equal(basename(file, '.json'), dashboard.uid);
    assert.ok((dashboard.uid?.length ?? 0) <= 40, 'Grafana takes no longer one');
    assert.ok((dashboard.description?.length ?? 0) > 20 && (dashboard.title?.length ?? 0) > 5);
  }
});

test('dashboards: every panel says what it shows, has a unit, a legend and the data source that was chosen', () => {
  for (const { file, panels } of dashboards) {
    assert.ok(panels.length > 15, file);
    for (const { panel } of panels) {
      const where = `${basename(file)}: ${panel.title}`;
      assert.match(panel.description ?? '', /^.{20,}\.$/s, where);
      const unit = panel.fieldConfig?.defaults.unit ?? (panel.options?.yAxis as { unit?: string } | undefined)?.unit;
      assert.ok(unit, `${where} has no unit`);
      assert.equal(panel.datasource?.uid, '$datasource', where);
      for (const target of panel.targets ?? []) assert.ok(String(target.legendFormat).length > 0, `${where} has no legend`);
      if (JSON.stringify(panel.targets).includes('rate(')) assert.match(JSON.stringify(panel.targets), /\$__rate_interval/, where);
    }
    const titles = panels.map(({ panel }) => panel.title);
    assert.equal(new Set(titles).size, titles.length, `${file} has two panels of one title`);
  }
});

test('dashboards: every panel follows the choice of namespace and class', () => {
  for (const { file, panels } of dashboards) {
    for (const { panel, exprs } of panels) {
      for (const expr of exprs) assert.match(expr, /pod_namespace=~"\$namespace", ingress_class=~"\$class"/, `${file}: ${panel.title}`);
    }
  }
});

test('dashboards and alerts: what is told apart by a route or its Service is told apart by namespace, too', () => {
  for (const { where, expr } of queries) {
    for (const [, labels = ''] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
      const names = labels.split(', ');
      if (names.includes('route') || names.includes('route_service')) assert.ok(names.includes('route_namespace'), `${where}: ${expr}`);
    }
  }
});

test('dashboards: variables are declared before they are used, and all of them are', () => {
  for (const { file, dashboard, panels, variables } of dashboards) {
    const declared = (dashboard.templating?.list ?? []).map(({ name }) => name);
    assert.deepEqual(declared.slice(0, 3), ['datasource', 'namespace', 'class'], file);
    for (const [index, { query }] of variables.entries()) {
      for (const [, name = ''] of query.matchAll(/\$(\w+)/g)) {
        assert.ok(
          variables.slice(0, index).some((earlier) => earlier.name === name),
          `${file}: ${query}`,
        );
      }
    }
    const used = new Set(
      panels.flatMap(({ exprs }) => exprs.flatMap((expr) => [...expr.matchAll(/\$([a-z]\w*)/g)].map(([, name]) => name))),
    );
    for (const name of declared) if (name !== 'datasource') assert.ok(used.has(name), `${file}: $${name} is not used`);
  }
});

test('dashboards: panels lie side by side, none over another and none beyond the edge', () => {
  for (const { file, dashboard } of dashboards) {
    const taken = new Set<string>();
    const ids = new Set<number>();
    for (const panel of dashboard.panels ?? []) {
      const { x = 0, y = 0, w = 0, h = 0 } = panel.gridPos ?? {};
      assert.ok(w > 0 && h > 0 && x + w <= 24, `${file}: ${panel.title}`);
      assert.ok(panel.id !== undefined && !ids.has(panel.id));
      ids.add(panel.id);
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          assert.ok(!taken.has(`${column} ${row}`), `${file}: ${panel.title} lies over another panel`);
          taken.add(`${column} ${row}`);
        }
      }
    }
  }
});

test('alerts: each has a severity, texts, and a runbook of its own with all its parts', () => {
  const severities = new Set(['critical', 'warning', 'info']);
  const alerts = readAlerts();
  assert.equal(new Set(alerts.map(({ alert }) => alert)).size, alerts.length);
  for (const { alert, labels, annotations } of alerts) {
    assert.match(alert, /^SmartProxy[A-Z]\w+$/);
    assert.ok(severities.has(labels.severity), alert);
    assert.ok(annotations.summary.length > 10 && annotations.description.length > 30, alert);
    assert.ok(existsSync(annotations.runbook_url), `${alert}: ${annotations.runbook_url} does not exist`);
    const page = readFileSync(annotations.runbook_url, 'utf8');
    assert.ok(page.startsWith(`# ${alert}\n`), annotations.runbook_url);
    for (const part of ['Symptom', 'Meaning', 'Look', 'Mend'])
      assert.match(page, new RegExp(`^\\*\\*${part}\\.\\*\\*(?: |$)`, 'm'), `${alert}: ${part}`);
  }
  assert.deepEqual(globSync('docs/runbooks/*.md').sort(), alerts.map(({ annotations }) => annotations.runbook_url).sort());
});
