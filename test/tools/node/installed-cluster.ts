import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { nftablesImage, nodeImageArchive, productImage } from '../image/product-image.ts';
import type { LoadPlan, LoadTarget } from '../load/load-plan.ts';
import type { TestCertificate } from '../test-certificate.ts';
import { KubeNode } from './kube-node.ts';
import { nodeAddress } from './node-config.ts';

/** The namespace of the application and its name there; the program's own is `installNamespace`. */
export const applicationNamespace = 'shop';
export const applicationHost = 'shop.example.com';
/** A host whose plain requests are redirected, as they are unless an Ingress says otherwise. */
export const redirectedHost = 'secure.example.com';
export const installNamespace = 'smartproxy-ingress';
export const nodePorts = { http: 30080, https: 30443 };
const rolloutTimeout = '--timeout=120s';

interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** A node with our images, and what tests do with a cluster. */
export class InstalledCluster {
  readonly node: KubeNode;
  readonly #image: string;
  readonly #certificate: TestCertificate;

  private constructor(node: KubeNode, image: string, certificate: TestCertificate) {
    this.node = node;
    this.#image = image;
    this.#certificate = certificate;
  }

  static async start(certificate: TestCertificate): Promise<InstalledCluster> {
    const { archive, name } = await productImage();
    const others = [(await nftablesImage()).archive, await nodeImageArchive()];
    return new InstalledCluster(await KubeNode.start([archive, ...others]), name, certificate);
  }

  stop(): Promise<void> {
    return this.node.stop();
  }

  /** An application of two pods with a Service, which has a UDP port too, and an Ingress for HTTP and HTTPS. */
  async deployApplication(): Promise<void> {
    const script = readFileSync(join(import.meta.dirname, '../../e2e/application.mjs'), 'utf8');
    const objects = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: applicationNamespace } },
      ...applicationObjects(this.#image, script, this.#certificate).map(({ metadata, ...object }) => ({
        ...object,
        metadata: { name: 'web', namespace: applicationNamespace, ...metadata },
      })),
    ];
    await this.node.kubectlWith(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }), 'apply', '--filename', '-');
    await this.rolledOut(applicationNamespace, 'web');
  }

  /** Waits until a Deployment's pods are those of its template and ready, and the others are gone. */
  async rolledOut(namespace: string, name: string): Promise<void> {
    await this.node.kubectl('rollout', 'status', `deployment/${name}`, '--namespace', namespace, rolloutTimeout);
    await eventually(
      `no old pod of ${name} is left`,
      async () => {
        const { spec } = await this.node.get<{ spec: { replicas: number } }>('deployment', name, '--namespace', namespace);
        return (await this.pods(namespace)).length === spec.replicas;
      },
      120_000,
    );
  }

  /** Gives a Deployment so many pods, and waits until it has them and no others. */
  async scale(namespace: string, name: string, replicas: number): Promise<void> {
    await this.node.kubectl('scale', `deployment/${name}`, '--namespace', namespace, `--replicas=${replicas}`);
    await this.rolledOut(namespace, name);
  }

  /** The names of a namespace's pods, those that are ending too. */
  async pods(namespace: string): Promise<readonly string[]> {
    const { items } = await this.node.get<{ items: readonly Named[] }>('pods', '--namespace', namespace);
    return items.map(({ metadata }) => metadata.name);
  }

  /** What there is to know of the cluster when a test fails: pods, what happened to them, and what our program says. */
  async explain(): Promise<string> {
    const ours = ['--namespace', installNamespace, '--selector', 'app.kubernetes.io/name=smartproxy-ingress'];
    const parts = [
      ['get', 'pods', '--all-namespaces', '--output=wide'],
      ['get', 'events', '--all-namespaces', '--sort-by=.lastTimestamp'],
      ['logs', ...ours, '--all-containers', '--prefix', '--tail=40'],
    ].map((args) => this.node.kubectl(...args).catch((error: Error) => error.message));
    return (await Promise.all(parts)).map((part) => part.split('\n').slice(-60).join('\n')).join('\n');
  }

  /** The program's Service by its own address, and by the node's. */
  async targets(): Promise<readonly [service: LoadTarget, node: LoadTarget]> {
    const args = ['service', 'smartproxy-ingress', '--namespace', installNamespace];
    const { spec } = await this.node.get<{ spec: { clusterIP: string } }>(...args);
    return [
      { address: spec.clusterIP, httpPort: 80, httpsPort: 443 },
      { address: nodeAddress, httpPort: nodePorts.http, httpsPort: nodePorts.https },
    ];
  }

  async loadPlan(): Promise<LoadPlan> {
    return { targets: await this.targets(), host: applicationHost, ca: this.#certificate.cert, pauseMs: 20, slowMs: 1500 };
  }

  /**
   * Every object of every kind, as `kind namespace/name`; without what a cluster makes by itself and lets go in its own time: Events, and
   * the signs of life of its node.
   */
  async objects(): Promise<readonly string[]> {
    const listed = await this.node.kubectl('api-resources', '--verbs=list', '--output=name');
    const kinds = listed
      .trim()
      .split('\n')
      .filter((kind) => !kind.startsWith('events'));
    const output = await this.node.kubectl(
      ...['get', kinds.join(','), '--all-namespaces', '--ignore-not-found', '--show-kind'],
      '--output=jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{"\\n"}{end}',
    );
    return output
      .trim()
      .split('\n')
      .filter((object) => !object.startsWith('Lease kube-node-lease/'))
      .sort();
  }
}

/** An object, without or with its metadata. */
interface PartOfObject {
  readonly metadata?: object;
  readonly [field: string]: unknown;
}

function applicationObjects(image: string, script: string, { cert, key }: TestCertificate): readonly PartOfObject[] {
  const labels = { app: 'web' };
  const container = {
    name: 'web',
    image,
    command: ['/usr/local/bin/node', '/srv/application.mjs'],
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1 },
    volumeMounts: [{ name: 'script', mountPath: '/srv' }],
  };
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', data: { 'application.mjs': script } },
    { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', stringData: { 'tls.crt': cert, 'tls.key': key } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      spec: {
        selector: labels,
        ports: [
          { name: 'http', port: 80, targetPort: 'http' },
          { name: 'echo', port: 5300, protocol: 'UDP' },
        ],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 20,
            volumes: [{ name: 'script', configMap: { name: 'web' } }],
            containers: [container],
          },
        },
      },
    },
    { ...ingress(applicationHost), metadata: { annotations: { 'smartproxy.dev/ssl-redirect': 'false' } } },
    { ...ingress(redirectedHost), metadata: { name: 'redirected' } },
  ];
}

function ingress(host: string): PartOfObject {
  const backend = { service: { name: 'web', port: { name: 'http' } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    spec: {
      ingressClassName: 'smartproxy',
      tls: [{ hosts: [host], secretName: 'web' }],
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  };
}
