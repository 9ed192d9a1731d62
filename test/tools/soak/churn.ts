import { eventually } from '../eventually.ts';
import { ingress } from '../manifests.ts';
import type { LiveManifests } from './live-manifests.ts';
import type { Random } from './random.ts';
import { SoakBackend } from './soak-backend.ts';
import { openPolicy, SoakEndpoint, type SoakService, type World } from './world.ts';

const mostReady = 4;

/**
 * Changes the world, one step after the other, each of which is served by every worker before the next. Backends come and go as pods do:
 * ready, terminating, out of the slice, and only then ended; and now and then one is killed.
 */
export class Churn {
  readonly #world: World;
  readonly #manifests: LiveManifests;
  readonly #random: Random;
  /** Whose paths move and whose backends come and go. */
  readonly #services: readonly SoakService[];
  /** Whose backends stay, while their endpoints come and go. */
  readonly #live: SoakService;
  /** How often each kind of step was made. */
  readonly done: Record<string, number> = {};
  #broken = 0;

  constructor(world: World, manifests: LiveManifests, random: Random, live: SoakService) {
    this.#world = world;
    this.#manifests = manifests;
    this.#random = random;
    this.#services = world.services.filter((service) => service !== live);
    this.#live = live;
  }

  /** The kinds of steps: what they do, and their share. */
  get #steps(): readonly (readonly [name: string, share: number, step: () => Promise<void>])[] {
    return [
      ['move', 5, () => this.#move()],
      ['remove', 2, () => this.#remove()],
      ['policy', 4, () => this.#policy()],
      ['certificate', 3, () => this.#certificate()],
      ['broken', 2, () => this.#breakSomething()],
      ['start', 3, () => this.startBackend(this.#random.one(this.#services))],
      ['stop', 3, () => this.#stop()],
      ['kill', 1, () => this.#kill()],
      ['empty', 1, () => this.#empty()],
      ['live-endpoint', 2, () => this.#liveEndpoint()],
      ['held-route', 2, () => this.#heldRoute()],
    ];
  }

  get kinds(): readonly string[] {
    return this.#steps.map(([name]) => name);
  }

  /** One step of a random kind. */
  async step(): Promise<void> {
    const shares = this.#steps.flatMap((entry) => Array<typeof entry>(entry[1]).fill(entry));
    const [name, , step] = this.#random.one(shares);
    await step();
    this.done[name] = (this.done[name] ?? 0) + 1;
  }

  /** Writes everything and waits until it is served. */
  async publishAll(): Promise<void> {
    for (const [file, yaml] of this.#world.files) await this.#manifests.write(file, yaml);
    this.#world.settle();
  }

  async startBackend(service: SoakService): Promise<void> {
    if (service.ready.length >= mostReady) return await this.#stopOne(service);
    const endpoint = new SoakEndpoint(await SoakBackend.start(`${service.name}-${service.made++}`, service.protocol));
    service.endpoints.push(endpoint);
    service.setState(endpoint, 'ready');
    await this.#publish(service);
  }

  /** Puts long connections' path and endpoints back to where new ones can be opened. */
  async settleLive(): Promise<void> {
    for (const endpoint of this.#live.endpoints) this.#live.setState(endpoint, 'ready');
    await this.#publish(this.#live);
    for (const cell of this.#world.cellsOf('held')) {
      cell.target.begin(this.#live);
      await this.#writeRoute(cell);
    }
  }

  async endBackends(): Promise<void> {
    await Promise.all(this.#world.services.flatMap(({ endpoints }) => endpoints.map(({ backend }) => backend.end('SIGKILL'))));
  }

  async #move(cell = this.#random.one(this.#world.cellsOf('moving', 'limited'))): Promise<void> {
    cell.target.begin(this.#random.one(this.#world.services.filter(({ protocol }) => protocol === 'http1')));
    await this.#writeRoute(cell);
  }

  /** Away, and back to another service. */
  async #remove(): Promise<void> {
    const cell = this.#random.one(this.#world.cellsOf('moving'));
    cell.target.begin(undefined);
    await this.#writeRoute(cell);
    await this.#move(cell);
  }

  async #policy(): Promise<void> {
    const cell = this.#random.one(this.#world.cellsOf('limited'));
    const changed = { redirects: this.#random.chance(0.3), maxBodyBytes: this.#random.one([512, 4096, 65_536]) };
    cell.policy.begin(this.#random.chance(0.3) ? openPolicy : changed);
    await this.#writeRoute(cell);
  }

  async #certificate(): Promise<void> {
    const host = this.#random.one(this.#world.hosts);
    host.fingerprint.begin(this.#random.one(host.certificates).fingerprint);
    await this.#manifests.write(host.secret, host.manifest);
    this.#world.settle();
  }

  /** Broken objects, each of which must harm nobody else. */
  async #breakSomething(): Promise<void> {
    const file = `broken-${this.#broken++ % 5}`;
    const bad = `bad-${this.#broken}.soak.test`;
    switch (this.#random.between(0, 3)) {
      case 0: // no YAML: nothing is known of it, so nothing can be waited for
        await this.#manifests.replaceFile(`${file}.yaml`, 'kind: [Ingress\n');
        break;
      case 1:
        await this.#manifests.write(
          file,
          ingress(file, { rules: { [bad]: [['no-path', 'Prefix', 'nobody']] }, annotations: { 'smartproxy.dev/retries': 'many' } }),
        );
        break;
      case 2: {
        // A host's Secret turns to nonsense: its certificate goes on being shown.
        const host = this.#random.one(this.#world.hosts);
        const data = { 'tls.crt': 'bm8gY2VydGlmaWNhdGU=', 'tls.key': 'bm8ga2V5' };
        const secret = {
          apiVersion: 'v1',
          kind: 'Secret',
          type: 'kubernetes.io/tls',
          metadata: { name: host.secret, namespace: 'default' },
          data,
        };
        await this.#manifests.write(host.secret, `\n${JSON.stringify(secret)}\n---`);
        break;
      }
      default:
        await this.#manifests.write(
          file,
          `\n${JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: file }, spec: { ports: 'none' } })}\n---`,
        );
    }
  }

  async #stop(): Promise<void> {
    const candidates = this.#services.filter(({ ready }) => ready.length > 1);
    if (candidates.length === 0) return await this.startBackend(this.#random.one(this.#services));
    await this.#stopOne(this.#random.one(candidates));
  }

  /** As a pod ends: no request may be lost. */
  async #stopOne(service: SoakService): Promise<void> {
    const endpoint = this.#random.one(service.ready);
    service.setState(endpoint, 'terminating');
    await this.#publish(service);
    service.setState(endpoint, 'gone');
    await this.#publish(service);
    await eventually(`the program lets go of ${endpoint.backend.name}`, async () => (await endpoint.backend.connections()) === 0);
    await endpoint.backend.end('SIGTERM');
  }

  /** As a node dies: the slice learns of it later. */
  async #kill(): Promise<void> {
    const candidates = this.#services.filter(({ ready }) => ready.length > 1);
    if (candidates.length === 0) return;
    const service = this.#random.one(candidates);
    const endpoint = this.#random.one(service.ready);
    service.killed.begin(true);
    await endpoint.backend.end('SIGKILL');
    service.setState(endpoint, 'gone');
    await this.#publish(service);
    service.killed.begin(false);
    this.#world.settle();
  }

  /** A service without a ready endpoint for a while. */
  async #empty(): Promise<void> {
    const service = this.#random.one(this.#services);
    const { ready } = service;
    for (const endpoint of ready) service.setState(endpoint, 'gone');
    await this.#publish(service);
    for (const endpoint of ready) service.setState(endpoint, 'ready');
    await this.#publish(service);
  }

  /** An endpoint with long connections leaves the slice, or comes back: its backend lives on, and so must they. */
  async #liveEndpoint(): Promise<void> {
    const away = this.#live.endpoints.find(({ state }) => state.latest !== 'ready');
    if (away === undefined) this.#live.setState(this.#random.one(this.#live.ready), this.#random.one(['terminating', 'gone']));
    else this.#live.setState(away, 'ready');
    await this.#publish(this.#live);
  }

  /** The path that long connections came by leads elsewhere, or nowhere. */
  async #heldRoute(): Promise<void> {
    const cell = this.#random.one(this.#world.cellsOf('held'));
    cell.target.begin(this.#random.one([undefined, this.#live, ...this.#services.filter(({ protocol }) => protocol === 'http1')]));
    await this.#writeRoute(cell);
  }

  async #writeRoute(cell: World['cells'][number]): Promise<void> {
    await this.#manifests.write(`route-${cell.name}`, cell.manifest);
    this.#world.settle();
  }

  async #publish(service: SoakService): Promise<void> {
    await this.#manifests.write(`service-${service.name}`, service.manifest);
    this.#world.settle();
  }
}
