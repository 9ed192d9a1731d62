import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Secret } from '../../../src/api/objects.ts';
import type { ApiClient } from '../../../src/sources/kubernetes/api-client.ts';
import { hasStatus } from '../../../src/sources/kubernetes/api-error.ts';
import { type AcmeState, acmeStateData, acmeStateName } from '../../../src/translate/acme-state.ts';
import { readAcmeState } from '../../../src/translate/read-acme-state.ts';
import { ControlPlane } from '../control-plane.ts';
import { eventually } from '../eventually.ts';
import { Gate } from '../gate.ts';
import { installCrds } from '../installed-plane.ts';
import { create, namespace, patch, pathOf, remove, secret } from '../objects.ts';
import { Pebble, type PebbleOptions } from '../pebble.ts';
import { chartObjects, kubectlWith } from '../shipped-manifests.ts';
import { AcmeReplica, httpPort, httpsPort } from './acme-replica.ts';

/** Where replicas run, and where nobody does: addresses for `insideNamespace`. */
export const replicaAddresses = ['10.244.0.20', '10.244.0.21'] as const;
export const strayAddress = '10.244.0.22';

export const own = 'smartproxy-ingress';
/** The last time that a Date has. */
const neverMs = 8.64e15;

/** The namespace in which certificates are asked for; the chart's RBAC lets Secrets be written there, and in `blog`. */
export const shop = 'shop';

const endpointSlice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace: own, name: `${own}-replicas`, labels: { 'kubernetes.io/service-name': own } },
};

/**
 * What ACME on several replicas takes, all of it real: a control plane with the objects of the chart as they are with ACME for two
 * namespaces, Pebble, and between them and the replicas gates. There is no kubelet: the test says which replicas are ready.
 */
export class AcmeCluster {
  readonly plane: ControlPlane;
  readonly admin: ApiClient;
  readonly pebble: Pebble;
  /** Before the CA: of the issuer `pebble`. */
  readonly ca: Gate;
  /** Before the same CA, of the issuer `other`. */
  readonly otherCa: Gate;
  /** PEM that certificates of the CA are verified by. */
  readonly root: string;
  readonly #t: TestContext;
  readonly #token: string;
  #issuers: readonly { readonly name: string }[] = [];
  #ready: readonly string[] = [];
  #started = 0;

  private constructor(
    t: TestContext,
    parts: Pick<AcmeCluster, 'plane' | 'admin' | 'pebble' | 'ca' | 'otherCa' | 'root'> & { readonly token: string },
  ) {
    this.#t = t;
    this.plane = parts.plane;
    this.admin = parts.admin;
    this.pebble = parts.pebble;
    this.ca = parts.ca;
    this.otherCa = parts.otherCa;
    this.root = parts.root;
    this.#token = parts.token;
  }

  /** It goes when the test is over. */
  static async start(t: TestContext, options: Partial<PebbleOptions> = {}): Promise<AcmeCluster> {
    const plane = await ControlPlane.start();
    t.after(() => plane.stop());
    const admin = plane.client();
    t.after(() => admin.close());
    const pebble = await Pebble.start({ httpPort, isSlow: true, mostSlowSeconds: 2, ...options });
    t.after(() => pebble.stop());
    const port = Number(new URL(pebble.directory).port);
    const [ca, otherCa] = [await Gate.start(port), await Gate.start(port)];
    t.after(() => {
      ca.close();
      otherCa.close();
    });
    for (const name of [own, shop, 'blog']) await create(admin, namespace(name));
    const kinds = /^(ServiceAccount|(Cluster)?Role(Binding)?|Service|IngressClass|Lease)$/;
    await kubectlWith(
      plane,
      'apply',
      chartObjects('acme').filter(({ kind }) => kinds.test(kind)),
    );
    await installCrds(plane, 'smartroutes', 'smartproxyconfigs');
    const token = (await plane.kubectl('create', 'token', own, '--namespace', own)).trim();
    const cluster = new AcmeCluster(t, { plane, admin, pebble, ca, otherCa, root: await pebble.root(), token });
    await cluster.#add('pebble', ca);
    await cluster.#add('other', otherCa);
    return cluster;
  }

  /** A replica at this address, once it serves and is among the ready ones. */
  async replica(address: string): Promise<AcmeReplica> {
    const api = await Gate.start(this.plane.port);
    this.#t.after(() => api.close());
    const name = `${own}-${++this.#started}`;
    const kubeconfig = join(this.plane.folder, `${name}.kubeconfig`);
    writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(api, this.plane.folder, name, this.#token)));
    const replica = await AcmeReplica.start(this.#t, { name, address, api, kubeconfig });
    await this.setReady([...this.#ready.filter((other) => other !== address), address]);
    return replica;
  }

  /** Both. */
  async replicas(): Promise<[AcmeReplica, AcmeReplica]> {
    const [a, b] = await Promise.all(replicaAddresses.map((address) => this.replica(address)));
    if (a === undefined || b === undefined) throw new Error('There are two addresses');
    await this.setReady(replicaAddresses);
    return [a, b];
  }

  /** What kubelet and the controller of EndpointSlices find out in a cluster: only these are ready. */
  async setReady(addresses: readonly string[]): Promise<void> {
    this.#ready = addresses;
    const endpoints = addresses.map((address) => ({ addresses: [address], conditions: { ready: true } }));
    const ports = [
      { name: 'http', port: httpPort, protocol: 'TCP' },
      { name: 'https', port: httpsPort, protocol: 'TCP' },
    ];
    const slice = { ...endpointSlice, addressType: 'IPv4', endpoints, ports };
    await patch(this.admin, endpointSlice, { endpoints }).catch(async (error) => {
      if (!hasStatus(error, 404)) throw error;
      await create(this.admin, slice).catch(() => patch(this.admin, endpointSlice, { endpoints }));
    });
  }

  /** The end of a process, as kill -9 makes it, and what a cluster does then: it is not ready, and its Lease ends. */
  async killed(replica: AcmeReplica): Promise<void> {
    replica.kill();
    await this.setReady(this.#ready.filter((address) => address !== replica.address));
    await this.endLease();
    await replica.gone();
  }

  /** Whoever asks next leads: a test need not wait for the 15 s after which the Lease of a dead one may be taken. */
  async endLease(): Promise<void> {
    const metadata = { namespace: own, name: `${own}-leader` };
    await remove(this.admin, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata });
  }

  /** The one of them that leads, as soon as one does. */
  async leader(...replicas: readonly AcmeReplica[]): Promise<AcmeReplica> {
    return await eventually('somebody leads', () => replicas.find(({ leads }) => leads), 60_000);
  }

  /** A Secret as it is now. */
  async secret(namespaceName: string, name: string): Promise<Secret | undefined> {
    try {
      return await this.admin.json<Secret>({ path: `/api/v1/namespaces/${namespaceName}/secrets/${name}` });
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** The state that is kept of the certificate in a Secret of the shop. */
  async state(name: string): Promise<AcmeState> {
    return readAcmeState(await this.secret(own, acmeStateName(`${shop}/${name}`)));
  }

  /** Turns the clock of one certificate: it is due now, whatever happened to it before. */
  async renewNow(name: string): Promise<void> {
    const state = await this.state(name);
    if (state.renewal === undefined) throw new Error(`When to renew ${name} is not known yet`);
    const { issued, renewal } = state;
    const due: AcmeState = {
      ...state,
      failure: undefined,
      issued: issued && { ...issued, atMs: 1 },
      renewal: { ...renewal, atMs: 1, checkMs: neverMs },
    };
    const data = acmeStateData(`${shop}/${name}`, due);
    const object = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: own, name: acmeStateName(`${shop}/${name}`) } };
    await this.admin.json({ method: 'PATCH', path: pathOf(object), body: { data } });
  }

  /** Another issuer of the same CA, with an account of its own; gives the gate before it. @param more settings of the issuer */
  async addIssuer(name: string, more: object = {}): Promise<Gate> {
    const gate = await Gate.start(Number(new URL(this.pebble.directory).port));
    this.#t.after(() => gate.close());
    await this.#add(name, gate, more);
    return gate;
  }

  /** Other settings for an issuer that there is. */
  async changeIssuer(name: string, more: object): Promise<void> {
    this.#issuers = this.#issuers.map((issuer) => (issuer.name === name ? { ...issuer, ...more } : issuer));
    await this.#writeIssuers();
  }

  async #add(name: string, gate: Gate, more: object = {}): Promise<void> {
    await create(this.admin, secret(own, `${name}-ca`, { 'ca.crt': gate.trusted }));
    const issuer = {
      name,
      directory: `https://localhost:${gate.port}/dir`,
      caRef: { name: `${name}-ca` },
      profile: 'shortlived',
      // Names lead where the DNS of the CA says, which replicas do not ask here.
      selfCheck: 'Off',
      ...more,
    };
    this.#issuers = [...this.#issuers, issuer];
    await this.#writeIssuers();
  }

  async #writeIssuers(): Promise<void> {
    const spec = { acme: { issuers: this.#issuers } };
    const config = { apiVersion: 'smartproxy.dev/v1alpha1', kind: 'SmartProxyConfig', metadata: { namespace: own, name: own } };
    if (this.#issuers.length === 1) await create(this.admin, { ...config, spec });
    else await patch(this.admin, config, { spec });
  }
}

function kubeconfigOf(api: Gate, folder: string, name: string, token: string): object {
  const ca = join(folder, `${name}.crt`);
  writeFileSync(ca, api.trusted);
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: `https://localhost:${api.port}`, 'certificate-authority': ca } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
}
