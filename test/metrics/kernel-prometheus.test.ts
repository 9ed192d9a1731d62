import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { metricTable } from '../../src/observability/metric-table.ts';
import { alertFile, readAlerts } from '../../tools/alert-docs.ts';
import { kernelForwardingPackages } from '../tools/kernel-forwarding.ts';
import { smartProxyConfig, smartRoute } from '../tools/manifests.ts';
import { insideNamespace } from '../tools/network-namespace.ts';
import { blockLines } from '../tools/observed/block-lines.ts';
import { chosenVariables, isOfKernel, numbersOf } from '../tools/observed/observed-queries.ts';
import { PrometheusServer } from '../tools/observed/prometheus-server.ts';
import { selectorsOf, substituted } from '../tools/observed/promql.ts';
import { shippedDashboards } from '../tools/observed/shipped-dashboards.ts';
import { prometheusMissing } from '../tools/prometheus-programs.ts';
import { startRun, temporaryFolder } from '../tools/running-command.ts';
import { RoutedNetwork } from '../tools/smartproxy/routed-network.ts';

// Outside of the namespace too: nothing can be fetched inside.
const skip = prometheusMissing();
const dialled = '10.0.1.1';
const table = 'smartproxy-smartproxy';
/** What must have moved; the other counters of the kernel are zeros as long as all is well. */
const moved = [
  ...['connections_total', 'connections_active', 'bytes_total', 'packets_total', 'dropped_packets_total'],
  ...['programmed', 'transactions_total', 'repairs_total'],
];

function service(name: string, protocol: 'TCP' | 'UDP'): string {
  const metadata = { name, namespace: 'default' };
  const labels = { 'kubernetes.io/service-name': name };
  const objects = [
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'main', port: 80, protocol }] } },
    {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { ...metadata, labels }, addressType: 'IPv4' },
      ...{ ports: [{ name: 'main', port: 4001, protocol }], endpoints: [{ addresses: ['10.0.2.2'] }] },
    },
  ];
  return objects.map((object) => `\n${JSON.stringify(object)}\n---`).join('');
}

const to = (name: string, engine: string) => ({ engine, backends: [{ name, port: { name: 'main' } }] });
const manifests = [
  smartProxyConfig({
    listeners: [
      { name: 'tcp', port: 5432, protocol: 'TCP' },
      { name: 'closed', port: 5433, protocol: 'TCP' },
      { name: 'tcp-node', port: 5434, protocol: 'TCP' },
      { name: 'udp', port: 53, protocol: 'UDP' },
      { name: 'udp-node', port: 54, protocol: 'UDP' },
    ],
  }),
  service('db', 'TCP'),
  service('dns', 'UDP'),
  smartRoute('tcp', { listeners: ['tcp'], tcp: to('db', 'NFTables') }),
  smartRoute('closed', { listeners: ['closed'], tcp: to('db', 'NFTables'), policy: { clients: { deny: ['10.0.1.2'] } } }),
  smartRoute('tcp-node', { listeners: ['tcp-node'], tcp: to('db', 'Node') }),
  smartRoute('udp', { listeners: ['udp'], udp: to('dns', 'NFTables') }),
  smartRoute('udp-node', { listeners: ['udp-node'], udp: to('dns', 'Node') }),
].join('');

/** Traffic to every listener until `signal` is aborted; one connection through the kernel stays open. */
async function traffic(network: RoutedNetwork, signal: AbortSignal): Promise<void> {
  assert.equal(await network.dial(dialled, 5432, 'kept'), 'first 10.0.2.1');
  while (!signal.aborted) {
    await Promise.all([
      network.dial(dialled, 5432),
      network.dial(dialled, 5434),
      network.dialInVain(dialled, 5433),
      network.send('kernel', dialled, 53, 'x'),
      network.send('node', dialled, 54, 'x'),
    ]);
  }
}

/** The real command with rules in a kernel that forwards, and a real Prometheus that scrapes it. */
async function startScraped(t: TestContext): Promise<PrometheusServer> {
  const network = await RoutedNetwork.make();
  const stop = new AbortController();
  let running = Promise.resolve();
  t.after(async () => {
    stop.abort();
    await running.catch(() => {}); // what was missing then, the queries have told
    network.close();
  });
  for (const protocol of ['tcp', 'udp'] as const) await network.serve(protocol, 'first', '10.0.2.2', 4001);
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'objects.yaml'), manifests);
  const command = await startRun(t, ['--manifests', folder, '--address=0.0.0.0', '--nftables', '--pod-namespace=ingress']);
  await command.until(() => command.log.some(({ msg }) => msg === 'rules of the kernel written'));
  running = traffic(network, stop.signal);
  running.catch(() => {});
  const labels = { namespace: 'ingress', pod: 'p', service: 's', container: 'c', endpoint: 'status' };
  const prometheus = await PrometheusServer.start(t, { statusPort: await command.port('status'), labels, ruleFile: resolve(alertFile) });
  // Somebody else has no business in our table: it is restored, and that is counted.
  execFileSync('nft', ['flush', 'table', 'inet', table]);
  return prometheus;
}

insideNamespace(import.meta.filename, [], defineTests, kernelForwardingPackages);

function defineTests(): void {
  test('a real Prometheus, scraping a command whose kernel forwards', { skip }, async (t) => {
    const prometheus = await startScraped(t);

    await t.test('has every metric of the kernel, under its own labels', async () => {
      for (const { name, labels } of metricTable.filter((metric) => isOfKernel(metric.name))) {
        const hasMoved = moved.includes(name.slice('smartproxy_kernel_'.length));
        const series = await numbersOf(prometheus, name, hasMoved ? `${name} > 0` : name);
        for (const label of labels) assert.ok(label in (series[0]?.metric ?? {}), `${name} has lost its label ${label}`);
      }
    });

    for (const dashboard of shippedDashboards().filter(({ panels }) => panels.some(({ exprs }) => exprs.some(isOfKernel)))) {
      await t.test(`${dashboard.file}: every panel has data`, async () => {
        const chosen = await chosenVariables(prometheus, dashboard);
        for (const { panel, exprs } of dashboard.panels) {
          for (const expr of exprs) await numbersOf(prometheus, `${panel.title}`, substituted(expr, chosen));
        }
      });
    }

    await t.test('has data for everything that alerts and runbooks ask of the kernel', async () => {
      const asked = readAlerts().flatMap(({ expr }) => selectorsOf(expr));
      const queries = globSync('docs/runbooks/*.md').flatMap((page) => blockLines(page, 'promql'));
      const ofKernel = [...asked, ...queries].filter(isOfKernel);
      assert.ok(ofKernel.length >= 4, ofKernel.join());
      for (const query of ofKernel) await numbersOf(prometheus, 'the kernel', query);
    });
  });
}
