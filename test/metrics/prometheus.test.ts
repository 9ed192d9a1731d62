import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { metricTable } from '../../src/observability/metric-table.ts';
import { alertFile, readAlerts } from '../../tools/alert-docs.ts';
import { eventually } from '../tools/eventually.ts';
import { get } from '../tools/get.ts';
import { blockLines } from '../tools/observed/block-lines.ts';
import { chosenVariables, isOfKernel, numbersOf } from '../tools/observed/observed-queries.ts';
import { PrometheusServer } from '../tools/observed/prometheus-server.ts';
import { metricOf, selectorsOf, substituted } from '../tools/observed/promql.ts';
import { shippedDashboards } from '../tools/observed/shipped-dashboards.ts';
import { clientTraceId, TrafficMix } from '../tools/observed/traffic-mix.ts';
import { prometheusMissing, prometheusPrograms } from '../tools/prometheus-programs.ts';
import { type RunningCommand, startRun, temporaryFolder } from '../tools/running-command.ts';

/** Selectors that this run has no series of, and why. */
const elsewhere = new Map([['smartproxy_controller_info{writes_status="true"}', 'a manifest folder has no statuses to write']]);
interface Scraped {
  readonly command: RunningCommand;
  readonly prometheus: PrometheusServer;
  /** Rejects when a client met what it should not. */
  readonly endTraffic: () => Promise<void>;
}

/** The real command with traffic of every kind (what the kernel forwards is for kernel-prometheus.test.ts) and a table that changes, and a real Prometheus that scrapes it. */
async function startScraped(t: TestContext): Promise<Scraped> {
  const mix = await TrafficMix.prepare(t, await temporaryFolder(t));
  const args = ['--manifests', mix.folder, '--trace-context', '--snapshot', '--access-log=errors', '--pod-namespace=ingress', '--acme'];
  const command = await startRun(t, args, 2);
  const prometheus = await PrometheusServer.start(t, {
    statusPort: await command.port('status'),
    // As Prometheus Operator does: none of them may rename a label of ours.
    labels: { namespace: 'ingress', pod: 'p', service: 's', container: 'c', endpoint: 'status' },
    ruleFile: resolve(alertFile),
  });
  const stop = new AbortController();
  const traffic = mix.run(command, stop.signal);
  traffic.catch(() => {}); // `endTraffic` tells
  const endTraffic = async (): Promise<void> => {
    stop.abort();
    await traffic;
  };
  return { command, prometheus, endTraffic };
}

test('a real Prometheus, scraping the command under traffic', { skip: prometheusMissing() }, async (t) => {
  const { command, prometheus, endTraffic } = await startScraped(t);

  await t.test('has every metric of the table, under its own labels', async () => {
    for (const { name, type, labels } of metricTable) {
      if (isOfKernel(name)) continue;
      const series = await numbersOf(prometheus, name, type === 'histogram' ? `${name}_count` : name);
      // An empty value is no label to Prometheus.
      for (const label of labels)
        assert.ok(
          series.some(({ metric }) => label in metric),
          `${name} has lost its label ${label}`,
        );
      for (const { metric } of series) {
        assert.deepEqual(
          Object.keys(metric).filter((label) => label.startsWith('exported_')),
          [],
          name,
        );
      }
    }
  });

  for (const dashboard of shippedDashboards()) {
    await t.test(`${basename(dashboard.file)}: every variable has values and every panel has data`, async () => {
      const chosen = await chosenVariables(prometheus, dashboard);
      assert.deepEqual([chosen.namespace, chosen.class], ['ingress', 'smartproxy']);
      for (const { panel, exprs } of dashboard.panels) {
        for (const expr of exprs) if (!isOfKernel(expr)) await numbersOf(prometheus, `${panel.title}`, substituted(expr, chosen));
      }
    });
  }

  await t.test('evaluates every alert, and has data for everything that one looks at', async () => {
    for (const { alert, expr } of readAlerts()) {
      await prometheus.query(expr);
      for (const selector of selectorsOf(expr)) {
        if (elsewhere.has(selector) || isOfKernel(selector)) continue;
        await numbersOf(prometheus, alert, selector);
      }
    }
    const expected = Object.fromEntries(readAlerts().map(({ alert }) => [alert, 'ok']));
    await eventually('every rule was evaluated', async () => {
      assert.deepEqual(await prometheus.ruleHealth(), expected);
      return true;
    });
  });

  await t.test('keeps exemplars, which only OpenMetrics has: the trace of a client, and those that begin here', async () => {
    const query = 'smartproxy_http_request_duration_seconds_bucket{route="web"}';
    const traceIds = await eventually('both kinds of traces are there', async () => {
      const found = (await prometheus.exemplars(query)).flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id ?? ''));
      return found.includes(clientTraceId) && found.some((id) => id !== clientTraceId) && found;
    });
    for (const id of traceIds) assert.match(id, /^[\da-f]{32}$/);
    // What the dashboards ask for.
    const asked = 'histogram_quantile(0.99, sum by (le) (rate(smartproxy_http_request_duration_seconds_bucket[1m])))';
    assert.ok((await prometheus.exemplars(asked)).length > 0);
  });

  await t.test('its promtool finds nothing to say about the metrics', async () => {
    const { body } = await get(await command.port('status'), 'localhost', '/metrics');
    const { status, stdout, stderr } = spawnSync(prometheusPrograms().promtool, ['check', 'metrics'], { input: body, encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
  });

  await t.test(
    'runs every query of the runbooks and of docs/observability.md, and their commands that ask the program answer',
    async () => {
      const ports = { 10254: await command.port('status'), 10255: await command.port('admin') };
      let queries = 0;
      let commands = 0;
      for (const page of ['docs/observability.md', ...globSync('docs/runbooks/*.md')]) {
        for (const query of blockLines(page, 'promql')) {
          queries++;
          await prometheus.query(query);
          for (const metric of selectorsOf(query).map(metricOf)) if (!isOfKernel(metric)) await numbersOf(prometheus, page, metric);
        }
        for (const line of blockLines(page, 'sh')) {
          if (!/^(?:curl|npx smartproxy-ingress) /.test(line)) continue;
          commands++;
          const here = line
            .replace(/localhost:(10254|10255)/, (_, port: '10254' | '10255') => `127.0.0.1:${ports[port]}`)
            .replace(/^npx smartproxy-ingress (\w+)/, `${process.execPath} bin/smartproxy-ingress.js $1 --admin 127.0.0.1:${ports[10255]}`);
          const { status, stdout, stderr } = spawnSync('sh', ['-c', here], { encoding: 'utf8' });
          assert.equal(status, 0, `${page}: ${line}: ${stderr}`);
          assert.ok(stdout.length > 0, `${page}: ${line} says nothing`);
        }
      }
      assert.ok(queries > 30 && commands > 15, `${queries} queries, ${commands} commands`);
    },
  );

  await endTraffic();
});
