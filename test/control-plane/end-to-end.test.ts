import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { type TestContext, test } from 'node:test';
import type { SmartRouteStatus } from '../../src/api/generated/smart-route.ts';
import type { ApiClient } from '../../src/sources/kubernetes/api-client.ts';
import { ask } from '../tools/ask.ts';
import { ControlPlane, serviceAccountUser } from '../tools/control-plane.ts';
import { eventually } from '../tools/eventually.ts';
import { get } from '../tools/get.ts';
import { kernelForwardingPackages } from '../tools/kernel-forwarding.ts';
import { insideNamespace } from '../tools/network-namespace.ts';
import { type AnyObject, create, endpointSlice, hostTo, ingress, patch, read, remove, secret, service } from '../tools/objects.ts';
import { type RunningCommand, startRun } from '../tools/running-command.ts';
import { installObjects, kubectlWith } from '../tools/shipped-manifests.ts';
import { NftGate } from '../tools/smartproxy/nft-gate.ts';
import { makeTestCertificate } from '../tools/test-certificate.ts';

const podA = '10.244.0.10';
const podB = '10.244.0.11';
const podPort = 8080;
const own = 'smartproxy-ingress';
const account = serviceAccountUser(own, own);

/** A pod that answers with its address. */
async function startPod(t: TestContext, address: string): Promise<void> {
  const server = createServer((incoming, response) => {
    incoming.resume();
    response.end(address);
  });
  await new Promise<void>((resolve) => server.listen(podPort, address, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
}

interface Cluster {
  readonly plane: ControlPlane;
  readonly admin: ApiClient;
  readonly command: RunningCommand;
}

/** A control plane with the shipped manifests, two pods, and the program as the shipped service account. */
async function startCluster(t: TestContext, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Cluster> {
  const plane = await ControlPlane.start([account]);
  t.after(() => plane.stop());
  const admin = plane.client();
  t.after(() => admin.close());
  await kubectlWith(plane, 'apply', installObjects());
  await patch(admin, service(own, own), { status: { loadBalancer: { ingress: [{ ip: '203.0.113.7' }] } } }, 'status');
  await Promise.all([startPod(t, podA), startPod(t, podB)]);
  const usual = ['--kubeconfig', plane.kubeconfig(account.token), '--pod-namespace', own];
  const command = await startRun(t, [...usual, '--publish-service', `${own}/${own}`, '--drain-delay=off', ...args], 1, env);
  return { plane, admin, command };
}

async function exposed(admin: ApiClient, name: string, host: string, pod: string, extra: object = {}) {
  const web = ingress('default', name, hostTo(host, name, extra));
  await create(admin, service('default', name));
  const slice = await create(admin, endpointSlice('default', name, [pod], podPort));
  await create(admin, web);
  return { web, slice };
}

/** Reasons of the Events about an Ingress. */
async function warningsAbout(admin: ApiClient, name: string): Promise<readonly string[]> {
  const path = '/apis/events.k8s.io/v1/namespaces/default/events';
  const { items } = await admin.json<{ items: readonly { reason: string; regarding: { kind: string; name: string } }[] }>({ path });
  return items.filter(({ regarding }) => regarding.kind === 'Ingress' && regarding.name === name).map(({ reason }) => reason);
}

/** A client that asks without a pause over kept-alive connections, and keeps every answer that is not a pod's. */
class SteadyTraffic {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2 });
  readonly #lanes: Promise<void>[];
  readonly unexpected: string[] = [];
  answered = 0;
  #stopping = false;

  constructor(port: number, host: string) {
    this.#lanes = [0, 1].map(() => this.#ask(port, host));
  }

  /** Resolves after `count` more answers, so that traffic has surely passed. */
  async more(count: number): Promise<void> {
    const wanted = this.answered + count;
    await eventually(`${count} more answers`, () => this.answered >= wanted);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#lanes);
    this.#agent.destroy();
  }

  async #ask(port: number, host: string): Promise<void> {
    while (!this.#stopping) {
      const answer = await this.#one(port, host).catch((error) => String(error));
      this.answered++;
      if (answer !== `200 ${podA}` && answer !== `200 ${podB}`) this.unexpected.push(answer);
    }
  }

  #one(port: number, host: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, agent: this.#agent, headers: { host } }, async (response) => {
        const chunks = await response.toArray();
        resolve(`${response.statusCode} ${Buffer.concat(chunks)}`);
      });
      sent.once('error', reject);
      sent.end();
    });
  }
}

insideNamespace(
  import.meta.filename,
  [podA, podB],
  () => {
    test('run on a cluster: traffic follows Ingresses, Services, EndpointSlices and Secrets, with the shipped RBAC', async (t) => {
      const { admin, command } = await startCluster(t);
      const { web, slice } = await exposed(admin, 'web', 'web.test', podA);
      const http = await command.port('http');
      const answer = async (host: string) => {
        const { status, body } = await get(http, host, '/');
        return status === 200 ? body : String(status);
      };
      await eventually('the new Ingress', async () => (await answer('web.test')) === podA);
      await eventually('its address', async () => JSON.stringify((await read(admin, web)).status).includes('203.0.113.7'));

      await patch(admin, slice, { endpoints: [{ addresses: [podB], conditions: { ready: true } }] });
      await eventually('the other pod', async () => (await answer('web.test')) === podB);

      await patch(admin, web, hostChange('moved.test'));
      await eventually('the new host', async () => (await answer('moved.test')) === podB);
      assert.equal(await answer('web.test'), '404');

      await remove(admin, service('default', 'web'));
      await eventually('no backend', async () => (await answer('moved.test')) === '503');
      await eventually('a Warning Event', async () => (await warningsAbout(admin, 'web')).includes('ServiceNotFound'));
      assert.deepEqual(await warningsAbout(admin, 'web'), ['ServiceNotFound']);
      await remove(admin, web);
      await eventually('no host', async () => (await answer('moved.test')) === '404');

      const first = await makeTestCertificate('tls.test');
      const tls = secret('default', 'tls', { 'tls.crt': first.cert, 'tls.key': first.key }, 'kubernetes.io/tls');
      await create(admin, tls);
      await exposed(admin, 'safe', 'tls.test', podA, { tls: [{ hosts: ['tls.test'], secretName: 'tls' }] });
      const https = await command.port('https');
      await eventually('its certificate', async () => (await get(https, 'tls.test', '/', first.cert)).body === podA);
      assert.equal((await get(http, 'tls.test', '/')).status, 308);
      const second = await makeTestCertificate('tls.test');
      await patch(admin, tls, { stringData: { 'tls.crt': second.cert, 'tls.key': second.key } });
      await eventually('the new certificate', async () => (await get(https, 'tls.test', '/', second.cert)).body === podA);

      command.child.kill('SIGTERM');
      assert.equal(await command.exit(), 0);
      const everything = JSON.stringify(command.log) + command.output;
      assert.ok(!everything.includes('PRIVATE KEY'), 'no key in the log');
    });

    test('run on a cluster: nothing is lost while the API server is killed, away and back', async (t) => {
      const { plane, admin, command } = await startCluster(t);
      const { slice } = await exposed(admin, 'web', 'web.test', podA);
      const http = await command.port('http');
      await eventually('the Ingress', async () => (await get(http, 'web.test', '/')).status === 200);
      const traffic = new SteadyTraffic(http, 'web.test');
      t.after(() => traffic.stop());
      await traffic.more(100);
      await plane.killApiServer();
      await traffic.more(500);
      await plane.startApiServer();
      await patch(admin, slice, { endpoints: [podA, podB].map((pod) => ({ addresses: [pod], conditions: { ready: true } })) });
      await create(admin, ingress('default', 'late', hostTo('late.test', 'web')));
      await eventually('an Ingress made afterwards', async () => (await get(http, 'late.test', '/')).status === 200);
      await eventually('the pod added afterwards', async () => (await get(http, 'late.test', '/')).body === podB);
      await traffic.more(100);
      await traffic.stop();
      assert.deepEqual(traffic.unexpected, []);
    });

    test('run on a cluster: a route of the kernel says what of it the kernel refuses, not the one beside it, and is programmed when it does no more', async (t) => {
      writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
      const gate = await NftGate.closedTo(t, '"ct count"');
      const { admin } = await startCluster(t, ['--nftables', '--address=0.0.0.0'], { PATH: gate.path });
      await create(admin, service('default', 'db'));
      await create(admin, endpointSlice('default', 'db', [podB], podPort));
      await create(
        admin,
        ofOurs('SmartProxyConfig', own, own, {
          listeners: ['db', 'plain'].map((name, index) => ({ name, port: 5432 + index, protocol: 'TCP' })),
        }),
      );
      const tcp = { engine: 'NFTables', backends: [{ name: 'db', port: { number: 80 } }] };
      const routeOf = (name: string, more: object) =>
        ofOurs('SmartRoute', 'default', name, { ingressClassName: 'smartproxy', listeners: [name], tcp, ...more });
      const route = routeOf('db', { connection: { maxConnections: 100 } });
      const plain = routeOf('plain', {});
      await create(admin, route);
      await create(admin, plain);
      const programmed = async (object: AnyObject = route) =>
        ((await read(admin, object)).status as SmartRouteStatus | undefined)?.conditions?.find(({ type }) => type === 'Programmed');

      const refused = await eventually('the kernel refuses', async () => {
        const condition = await programmed();
        return condition?.status === 'False' && condition;
      });
      assert.equal(refused.reason, 'KernelNotProgrammed');
      assert.match(refused.message, /^SmartRoute default\/db, spec\.connection\.maxConnections: it takes nft_connlimit, .*; load it /);
      await eventually('the other is forwarded', async () => (await programmed(plain))?.status === 'True', 90_000);
      await gate.open();
      // The status of one object is written once in 30 s.
      await eventually('it does no more', async () => (await programmed())?.status === 'True', 90_000);
      const asked = await ask({
        protocol: 'http1',
        address: podA,
        port: 5432,
        host: 'any',
        path: '/',
        until: { status: 200, timeoutMs: 30_000 },
      });
      assert.equal(asked.body, podB);
    });
  },
  kernelForwardingPackages,
);

function ofOurs(kind: string, namespaceName: string, name: string, spec: object): AnyObject {
  return { apiVersion: 'smartproxy.dev/v1alpha1', kind, metadata: { namespace: namespaceName, name }, spec };
}

function hostChange(host: string): object {
  return { spec: hostTo(host, 'web') };
}
