import { ingress, ingressClass, service, type TestEndpoint, tlsSecret } from '../manifests.ts';
import type { TestCertificate } from '../test-certificate.ts';
import { History } from './history.ts';
import type { BackendProtocol, SoakBackend } from './soak-backend.ts';

/** What the EndpointSlice says of a backend; `gone`: nothing. */
export type EndpointState = 'ready' | 'terminating' | 'gone';

/** A backend process as an endpoint of its Service. */
export class SoakEndpoint {
  readonly backend: SoakBackend;
  readonly state = new History<EndpointState>('gone');

  constructor(backend: SoakBackend) {
    this.backend = backend;
  }
}

/** A Service and all endpoints that it ever had. */
export class SoakService {
  readonly name: string;
  readonly endpoints: SoakEndpoint[] = [];
  readonly hasReady = new History(false);
  /** From before the kill of a backend until its endpoint was out of every worker's table: then errors of the backend are right. */
  readonly killed = new History(false);
  readonly protocol: BackendProtocol;
  /** Backends that it ever had. */
  made = 0;

  constructor(name: string, protocol: BackendProtocol) {
    this.name = name;
    this.protocol = protocol;
  }

  get ready(): readonly SoakEndpoint[] {
    return this.endpoints.filter(({ state }) => state.latest === 'ready');
  }

  setState(endpoint: SoakEndpoint, state: EndpointState): void {
    endpoint.state.begin(state);
    this.hasReady.begin(this.ready.length > 0);
  }

  get manifest(): string {
    const listed = this.endpoints.filter(({ state }) => state.latest !== 'gone');
    return service(this.name, ...listed.map(({ backend, state }) => endpointOf(backend.port, state.latest)));
  }

  settle(nowMs: number): void {
    this.hasReady.settle(nowMs);
    this.killed.settle(nowMs);
    for (const { state } of this.endpoints) state.settle(nowMs);
  }
}

function endpointOf(port: number, state: EndpointState): TestEndpoint {
  return state === 'ready' ? port : { port, conditions: 'ready: false, serving: true, terminating: true' };
}

/** Annotations of a path's Ingress that change what is answered. */
export interface SoakPolicy {
  readonly redirects: boolean;
  readonly maxBodyBytes: number;
}

/** What the soak sets when a policy sets nothing. */
export const openPolicy: SoakPolicy = { redirects: false, maxBodyBytes: 1_048_576 };

/** A host with TLS. Its certificate is known by the SHA-256 fingerprint. */
export class SoakHost {
  readonly name: string;
  readonly certificates: readonly { readonly pem: TestCertificate; readonly fingerprint: string }[];
  readonly fingerprint: History<string>;

  constructor(name: string, certificates: SoakHost['certificates']) {
    this.name = name;
    this.certificates = certificates;
    this.fingerprint = new History(certificates[0]?.fingerprint ?? '');
  }

  get secret(): string {
    return `tls-${this.name.split('.')[0]}`;
  }

  get manifest(): string {
    const shown = this.certificates.find(({ fingerprint }) => fingerprint === this.fingerprint.latest);
    return shown === undefined ? '' : tlsSecret(this.secret, shown.pem);
  }
}

/**
 * What may happen to a path: `moving` leads elsewhere or nowhere now and then, `limited` changes its policy, `steady` stays as it is,
 * `held` leads elsewhere once long connections are open, `grpc` stays and has backends that speak HTTP/2.
 */
export type CellKind = 'moving' | 'limited' | 'steady' | 'held' | 'grpc';

/** One path of one host: an Ingress of its own. It leads to a Service or, being removed, nowhere. */
export class SoakCell {
  readonly host: SoakHost;
  readonly path: string;
  readonly target: History<SoakService | undefined>;
  readonly policy = new History<SoakPolicy>(openPolicy);
  readonly kind: CellKind;

  constructor(host: SoakHost, path: string, target: SoakService, kind: CellKind) {
    this.host = host;
    this.path = path;
    this.target = new History<SoakService | undefined>(target);
    this.kind = kind;
  }

  get name(): string {
    return `${this.host.name.split('.')[0]}-${this.path.slice(1)}`;
  }

  get manifest(): string {
    const to = this.target.latest;
    if (to === undefined) return '';
    const { redirects, maxBodyBytes } = this.policy.latest;
    return ingress(this.name, {
      rules: { [this.host.name]: [[this.path, 'Prefix', to.name]] },
      tls: [{ hosts: [this.host.name], secret: this.host.secret }],
      annotations: {
        'smartproxy.dev/ssl-redirect': String(redirects),
        'smartproxy.dev/max-body-size': String(maxBodyBytes),
        ...(this.kind === 'grpc' ? { 'smartproxy.dev/backend-protocol': 'h2c' } : {}),
      },
    });
  }
}

/** All that is configured, with its history: what the clients' answers are judged by. */
export class World {
  readonly hosts: readonly SoakHost[];
  readonly services: readonly SoakService[];
  readonly cells: readonly SoakCell[];

  constructor(hosts: readonly SoakHost[], services: readonly SoakService[], cells: readonly SoakCell[]) {
    this.hosts = hosts;
    this.services = services;
    this.cells = cells;
  }

  cellsOf(...kinds: readonly CellKind[]): readonly SoakCell[] {
    return this.cells.filter(({ kind }) => kinds.includes(kind));
  }

  /** Every file of the folder with its text. */
  get files(): ReadonlyMap<string, string> {
    const files = new Map([['class', ingressClass]]);
    for (const host of this.hosts) files.set(host.secret, host.manifest);
    for (const each of this.services) files.set(`service-${each.name}`, each.manifest);
    for (const cell of this.cells) files.set(`route-${cell.name}`, cell.manifest);
    return files;
  }

  /** Every worker serves what was written last. */
  settle(): void {
    const nowMs = performance.now();
    for (const { fingerprint } of this.hosts) fingerprint.settle(nowMs);
    for (const each of this.services) each.settle(nowMs);
    for (const { target, policy } of this.cells) {
      target.settle(nowMs);
      policy.settle(nowMs);
    }
  }
}
