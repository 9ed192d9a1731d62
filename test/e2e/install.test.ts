import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { installManifestPath } from '../../tools/chart/install-manifest.ts';
import { chartPath } from '../tools/chart.ts';
import { commandsOfKind } from '../tools/documented-commands.ts';
import { eventually } from '../tools/eventually.ts';
import type { LoadReport } from '../tools/load/load-plan.ts';
import { LoadProcess, summaryOf } from '../tools/load/load-process.ts';
import {
  applicationHost,
  applicationNamespace,
  InstalledCluster,
  installNamespace,
  nodePorts,
  redirectedHost,
} from '../tools/node/installed-cluster.ts';
import { nodeSkip } from '../tools/node/kube-node.ts';
import { makeTestCertificate, type TestCertificate } from '../tools/test-certificate.ts';
import { kernelSteps } from './kernel-steps.ts';

const skip = nodeSkip();
const options = { skip, timeout: 900_000 };
const plugin = join(import.meta.dirname, '../../bin/kubectl-smartproxy.js');
const name = 'smartproxy-ingress';
const crds = ['smartproxyconfigs', 'smartroutes'].map((plural) => `CustomResourceDefinition /${plural}.smartproxy.dev`);
const inNamespace = ['--namespace', installNamespace];
/** A short drain, so that upgraded connections, which the load keeps open, do not make an old pod stay for minutes. */
const values = ['drain.timeout=8s', `service.nodePorts.http=${nodePorts.http}`, `service.nodePorts.https=${nodePorts.https}`];
const setValues = (...more: readonly string[]) => [...values, ...more].flatMap((value) => ['--set', value]);

// One cluster, and one release from its installation to its end: each test goes on where the one before it stopped.
suite('a real cluster', () => {
  let cluster: InstalledCluster;
  let certificate: TestCertificate;
  let without: readonly string[];

  before(async () => {
    if (skip !== false) return;
    certificate = await makeTestCertificate(applicationHost);
    cluster = await InstalledCluster.start(certificate);
    await cluster.deployApplication();
    without = await cluster.objects();
  });
  after(async () => {
    if (skip === false) await cluster?.stop();
  });

  function step(what: string, run: (t: TestContext) => Promise<void>): void {
    test(what, options, async (t) => {
      try {
        await run(t);
      } catch (error) {
        t.diagnostic(await cluster.explain());
        throw error;
      }
    });
  }

  async function underLoad(t: TestContext, change: () => Promise<void>): Promise<LoadReport> {
    const load = new LoadProcess(cluster.node.network, await cluster.loadPlan());
    let report: LoadReport;
    try {
      await change();
    } finally {
      report = await load.finish();
      t.diagnostic(summaryOf(report));
    }
    const failures = report.lanes.flatMap((lane) => lane.failures);
    assert.equal(failures.length, 0, failures.slice(0, 30).join('\n'));
    assert.deepEqual(report.tunnels.failures, []);
    for (const lane of report.lanes) assert.ok(lane.requests >= 5, `${lane.name}: ${lane.requests} requests`);
    assert.ok(report.tunnels.messages > 0);
    return report;
  }

  step('helm install --wait ends when the pods are ready', async (t) => {
    t.diagnostic(`the node was ready ${cluster.node.readyMs} ms after its start`);
    await cluster.node.helm('install', name, chartPath, ...inNamespace, '--create-namespace', '--wait', '--timeout=120s', ...setValues());
    const { status } = await cluster.node.get<{ status: { readyReplicas: number } }>('deployment', name, ...inNamespace);
    assert.equal(status.readyReplicas, 2);
  });

  step('requests over each protocol come through the Service and through the ports of the node', async () => {
    for (const { address, httpPort, httpsPort } of await cluster.targets()) {
      const common = {
        address,
        host: applicationHost,
        path: '/somewhere',
        ca: certificate.cert,
        until: { status: 200, timeoutMs: 60_000 },
      };
      for (const [protocol, port, published] of [
        ['http1', httpPort, '80'],
        ['https', httpsPort, '443'],
        ['h2', httpsPort, '443'],
      ] as const) {
        const asked = await cluster.node.network.ask({ ...common, protocol, port });
        assert.equal(asked.status, 200, `${protocol} to ${address}:${port}: ${asked.body}`);
        const seen = JSON.parse(asked.body) as { path: string; headers: Record<string, string> };
        assert.equal(seen.path, '/somewhere');
        assert.equal(seen.headers['x-forwarded-port'], published);
      }
    }
  });

  step('what the pages say to look at a pod with shows it', async () => {
    const [logs = '', forward = ''] = commandsOfKind('node');
    assert.match(await cluster.node.shell(logs), /"msg":"worker serves"/);
    const looks = commandsOfKind('beside').filter((command) => command.includes('localhost:1025'));
    const wait = 'until curl -sf localhost:10254/healthz; do sleep 0.2; done';
    const seen = await cluster.node.shell([`${forward} >&2 & pid=$!`, 'trap "kill $pid" EXIT', wait, ...looks].join('\n'));
    for (const part of ['ok\n', 'smartproxy_build_info', '"sources"', '"hosts"']) assert.ok(seen.includes(part), `${part} in ${seen}`);
  });

  step('kubectl smartproxy asks the pod that leads', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'smartproxy-plugin-'));
    t.after(() => rmSync(folder, { recursive: true }));
    symlinkSync(plugin, join(folder, 'kubectl-smartproxy'));
    const asks = ['status', `explain http://${applicationHost}/somewhere`].map((question) => `kubectl smartproxy ${question}`);
    const seen = await cluster.node.shell([`export PATH='${folder}':"$PATH"`, ...asks].join('\n'));
    const [leader] = /pod smartproxy-ingress\/\S+(?=, up )/.exec(seen) ?? [];
    assert.ok(leader !== undefined && (await cluster.pods(installNamespace)).some((pod) => leader.endsWith(`/${pod}`)), seen);
    for (const part of ['Ready\n', 'of a cluster, as the leader', `Ingress ${applicationNamespace}/web sends it to`]) {
      assert.ok(seen.includes(part), `${part} in ${seen}`);
    }
  });

  step('the first route of the README answers 200', async () => {
    const [apply = '', rollout = '', forward = '', ask = ''] = commandsOfKind('route');
    const wait = 'until curl -so /dev/null localhost:8080; do sleep 0.2; done';
    const served = `until ${ask} --fail; do sleep 0.2; done`;
    const seen = await cluster.node.shell([apply, rollout, `${forward} >&2 & pid=$!`, 'trap "kill $pid" EXIT', wait, served].join('\n'));
    assert.match(seen, /^Hello from hello-\S+: GET http:\/\/hello\.example\.com\/first$/m);
    await cluster.node.kubectl('delete', '--filename', 'examples/cluster/hello.yaml', '--timeout=120s');
  });

  step('HTTP is redirected to the published port of HTTPS', async () => {
    const [service] = await cluster.targets();
    const common = {
      address: service.address,
      port: service.httpPort,
      protocol: 'http1',
      host: redirectedHost,
      path: '/cart?id=1',
    } as const;
    const { headers } = await cluster.node.network.ask({ ...common, until: { status: 308, timeoutMs: 60_000 } });
    assert.equal(headers.location, `https://${redirectedHost}/cart?id=1`);
  });

  step('the addresses that a load balancer gives the Service come to the status of the Ingress, and lead to it', async () => {
    const given = [{ hostname: 'lb.example.com' }, { ip: '192.0.2.10' }];
    const patch = JSON.stringify({ status: { loadBalancer: { ingress: given } } });
    await cluster.node.kubectl('patch', 'service', name, ...inNamespace, '--subresource=status', '--type=merge', '--patch', patch);
    await eventually('the Ingress has them', async () => {
      const args = ['ingress', 'web', '--namespace', applicationNamespace];
      const { status } = await cluster.node.get<{ status: { loadBalancer: { ingress?: unknown } } }>(...args);
      return isDeepStrictEqual(status.loadBalancer.ingress, given);
    });
    const common = { address: '192.0.2.10', port: 80, protocol: 'http1', host: applicationHost, path: '/' } as const;
    assert.equal((await cluster.node.network.ask({ ...common, until: { status: 200, timeoutMs: 30_000 } })).status, 200);
  });

  step('helm test succeeds', async () => {
    const output = await cluster.node.helm('test', name, ...inNamespace, '--timeout=120s');
    assert.match(output, /Phase:\s+Succeeded/);
  });

  step('helm upgrade with a changed value loses no request', async (t) => {
    const pods = await cluster.pods(installNamespace);
    await underLoad(t, async () => {
      const args = ['--wait', '--timeout=120s', ...setValues('config.access-log=errors')];
      await cluster.node.helm('upgrade', name, chartPath, ...inNamespace, ...args);
      await cluster.rolledOut(installNamespace, name);
    });
    assert.deepEqual(
      (await cluster.pods(installNamespace)).filter((pod) => pods.includes(pod)),
      [],
    );
  });

  step('kubectl rollout restart loses no request', async (t) => {
    const pods = await cluster.pods(installNamespace);
    const report = await underLoad(t, async () => {
      await cluster.node.kubectl('rollout', 'restart', `deployment/${name}`, ...inNamespace);
      await cluster.rolledOut(installNamespace, name);
    });
    assert.deepEqual(
      (await cluster.pods(installNamespace)).filter((pod) => pods.includes(pod)),
      [],
    );
    assert.ok(report.tunnels.ended > 0, 'upgraded connections end with their pod');
  });

  step('scaling the program from two pods to three and to one loses no request', async (t) => {
    await underLoad(t, async () => {
      for (const replicas of [3, 1]) await cluster.scale(installNamespace, name, replicas);
    });
  });

  step('a rolling restart of the backends loses no request', async (t) => {
    await underLoad(t, async () => {
      await cluster.node.kubectl('rollout', 'restart', 'deployment/web', '--namespace', applicationNamespace);
      await cluster.rolledOut(applicationNamespace, 'web');
    });
  });

  step('backends scaled to none are a 503, and to three are all used', async () => {
    const [service] = await cluster.targets();
    const common = { address: service.address, port: service.httpPort, protocol: 'http1', host: applicationHost, path: '/' } as const;
    await cluster.scale(applicationNamespace, 'web', 0);
    assert.equal((await cluster.node.network.ask({ ...common, until: { status: 503, timeoutMs: 30_000 } })).status, 503);
    await cluster.scale(applicationNamespace, 'web', 3);
    const seen = new Set<string>();
    await eventually('every pod answers', async () => {
      const { status, body } = await cluster.node.network.ask(common);
      if (status === 200) seen.add((JSON.parse(body) as { pod: string }).pod);
      return seen.size === 3;
    });
  });

  step('helm uninstall leaves the CustomResourceDefinitions, and nothing with crds.keep=false', async () => {
    await cluster.node.helm('uninstall', name, ...inNamespace, '--wait', '--timeout=120s');
    await eventually('the pods are gone', async () => (await cluster.pods(installNamespace)).length === 0, 120_000);
    assert.deepEqual(
      (await added()).filter((object) => object.startsWith('CustomResource')),
      crds,
    );
    // The release takes what it left.
    await cluster.node.helm('install', name, chartPath, ...inNamespace, '--set', 'replicas=0', '--set', 'crds.keep=false');
    await cluster.node.helm('uninstall', name, ...inNamespace, '--wait', '--timeout=120s');
    await eventually('the pods are gone', async () => (await cluster.pods(installNamespace)).length === 0, 120_000);
    // The namespace was made by --create-namespace, which Helm does not undo; a cluster gives each namespace two objects.
    const ofTheNamespace = [`ConfigMap ${installNamespace}/kube-root-ca.crt`, `ServiceAccount ${installNamespace}/default`];
    assert.deepEqual(await added(), [ofTheNamespace[0], `Namespace /${installNamespace}`, ofTheNamespace[1]]);
    await cluster.node.kubectl('delete', 'namespace', installNamespace, '--timeout=120s');
  });

  step('kubectl apply of install.yaml serves, and kubectl delete of it leaves nothing', async () => {
    await cluster.node.kubectl('apply', '--filename', installManifestPath);
    await cluster.node.kubectl('rollout', 'status', `deployment/${name}`, ...inNamespace, '--timeout=120s');
    const [service] = await cluster.targets();
    const common = {
      address: service.address,
      host: applicationHost,
      path: '/',
      ca: certificate.cert,
      until: { status: 200, timeoutMs: 60_000 },
    };
    for (const [protocol, port] of [
      ['http1', service.httpPort],
      ['h2', service.httpsPort],
    ] as const) {
      assert.equal((await cluster.node.network.ask({ ...common, protocol, port })).status, 200, protocol);
    }
    // Pods first: a namespace that is deleted while pods drain is looked at again only after half of their grace, which is minutes.
    await cluster.scale(installNamespace, name, 0);
    await cluster.node.kubectl('delete', '--filename', installManifestPath, '--timeout=120s');
    await nothingIsLeft();
  });

  kernelSteps(step, () => cluster, nothingIsLeft);

  async function nothingIsLeft(): Promise<void> {
    assert.deepEqual(await added(), []);
  }

  /** Objects that came since before the first installation; the application's pods may be others. */
  async function added(): Promise<readonly string[]> {
    return (await cluster.objects()).filter((object) => !without.includes(object) && !object.includes(` ${applicationNamespace}/`));
  }
});
