import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../../../src/sources/kubernetes/api-client.ts';
import { type AnyObject, create } from '../objects.ts';
import { certManagerFolder } from './cert-manager.ts';

interface Pod {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] };
}

interface Service {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly selector?: Readonly<Record<string, string>> };
}

const solverLabel = 'acme.cert-manager.io/http01-solver';
const port = 8089;

/**
 * What a kubelet and the controller of EndpointSlices do for the solvers of cert-manager in one namespace: runs its solver with the
 * arguments of each pod, one at a time, for they share a port here, and gives their Services the address.
 */
export class SolverPods {
  readonly #admin: ApiClient;
  readonly #namespace: string;
  readonly #address: string;
  readonly #running = new Map<string, ChildProcess>();
  readonly #known = new Set<string>();
  #stopping = false;

  private constructor(admin: ApiClient, namespace: string, address: string) {
    this.#admin = admin;
    this.#namespace = namespace;
    this.#address = address;
  }

  static async start(t: TestContext, admin: ApiClient, namespace: string, address: string): Promise<SolverPods> {
    const pods = new SolverPods(admin, namespace, address);
    const program = join(await certManagerFolder(), 'cert-manager');
    const ended = pods.#run(program);
    t.after(async () => {
      pods.#stopping = true;
      await ended;
      for (const child of pods.#running.values()) child.kill('SIGKILL');
    });
    return pods;
  }

  async #run(program: string): Promise<void> {
    while (!this.#stopping) {
      // What the API server does not answer is asked again, as a kubelet does.
      await this.#look(program).catch(() => undefined);
      await delay(50);
    }
  }

  async #look(program: string): Promise<void> {
    const pods = await this.#list<Pod>('pods');
    const names = new Set(pods.map(({ metadata }) => metadata.name));
    for (const [name, child] of this.#running) if (!names.has(name)) await ended(child).then(() => this.#running.delete(name));
    for (const pod of pods) this.#start(program, pod);
    for (const service of await this.#list<Service>('services')) await this.#expose(service, pods);
  }

  #start(program: string, { metadata: { name }, spec }: Pod): void {
    if (this.#running.has(name)) return;
    this.#running.set(name, spawn(program, [...(spec.containers[0]?.args ?? [])], { stdio: 'ignore' }));
  }

  async #expose({ metadata: { name }, spec: { selector = {} } }: Service, pods: readonly Pod[]): Promise<void> {
    const isSelected = ({ metadata: { labels = {} } }: Pod) => Object.entries(selector).every(([key, value]) => labels[key] === value);
    if (this.#known.has(name) || !pods.some(isSelected)) return;
    const slice: AnyObject = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace: this.#namespace, name, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [this.#address], conditions: { ready: true } }],
      ports: [{ name: 'http', port, protocol: 'TCP' }],
    };
    await create(this.#admin, slice);
    this.#known.add(name);
  }

  async #list<T>(plural: string): Promise<readonly T[]> {
    const request = { path: `/api/v1/namespaces/${this.#namespace}/${plural}`, query: { labelSelector: `${solverLabel}=true` } };
    return (await this.#admin.json<{ readonly items: readonly T[] }>(request)).items;
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await end;
}
