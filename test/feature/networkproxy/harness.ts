import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Balancers } from '../../../src/balancing/balancers.ts';
import { parseArguments } from '../../../src/config/arguments.ts';
import type { Config } from '../../../src/config/config.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import type { AcceptedConnection } from '../../../src/networkproxy/accepted-connection.ts';
import { NetworkProxy } from '../../../src/networkproxy/network-proxy.ts';
import type { RequestLogEntry } from '../../../src/networkproxy/request-log-entry.ts';
import type { ResponseFlag } from '../../../src/observability/counters/response-flag.ts';
import { responseFlags } from '../../../src/observability/counters/response-flag.ts';
import type { ConnectionSide, TerminationReason } from '../../../src/observability/counters/termination-reason.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { RateLimiters } from '../../../src/rates/rate-limiters.ts';
import { CompiledTable } from '../../../src/routes/compiled-table.ts';
import type { Policy } from '../../../src/routes/policy.ts';
import type { Route, RouteAction } from '../../../src/routes/route.ts';
import {
  type Certificate,
  type Challenge,
  emptyRouteTable,
  type Host,
  type HostTls,
  type Listener,
  type RouteTable,
  type SecretEntry,
} from '../../../src/routes/route-table.ts';
import type { Endpoint, Service } from '../../../src/routes/service.ts';
import { outcomeOf } from '../../../src/smartproxy/cleanup-outcome.ts';
import { TimerWheel, type WheelClock } from '../../../src/timer-wheel.ts';

/** One route of a test's table. */
export interface TestRoute {
  readonly host?: string;
  readonly path?: string;
  /** Ports on 127.0.0.1, or whole endpoints. */
  readonly endpoints?: readonly (number | Endpoint)[];
  readonly action?: RouteAction;
  readonly policy?: Partial<Omit<Policy, 'timeouts'>> & { readonly timeouts?: Partial<Policy['timeouts']> };
  readonly service?: Partial<Service>;
  readonly tls?: HostTls;
}

/** The knobs of a test. */
export interface HarnessOptions {
  readonly routes: readonly TestRoute[];
  readonly config?: Partial<Config>;
  readonly certificates?: readonly Certificate[];
  readonly challenges?: readonly Challenge[];
  readonly secrets?: readonly SecretEntry[];
  /** https: every connection is TLS with the server name that `serverName` says at its accept. */
  readonly protocol?: 'http' | 'https';
  readonly ticketKeys?: Buffer;
  /** Of the wheel; default: the real one. */
  readonly clock?: WheelClock;
  /** Keep the log entries of requests, default true. */
  readonly accessLog?: boolean;
}

/** The defaults of the program, with the time limits that tests begin with. */
const config: Config = {
  ...resolveConfig(parseArguments(['--manifests', '-']).texts, {
    env: {},
    inPod: false,
    hostname: 'test',
    home: '/nonexistent',
    hasIpv6: false,
    podNamespace: undefined,
  }).config,
  headerTimeoutMs: 10_000,
  bodyTimeoutMs: 10_000,
  allowLocalExternalNames: true,
};

/** NetworkProxy behind a real listening socket, with the least that stands for SmartProxy. */
export class Harness implements AsyncDisposable {
  readonly counters = new WorkerCounters();
  readonly wheel: TimerWheel;
  readonly requests: RequestLogEntry[] = [];
  readonly connections: TestConnection[] = [];
  readonly proxy: NetworkProxy;
  readonly balancers: Balancers;
  readonly server: Server;
  serverName: string | undefined = 'a.example';
  table: CompiledTable;
  port = 0;
  #accepted = 0;
  readonly #options: HarnessOptions;

  constructor(options: HarnessOptions) {
    this.#options = options;
    this.wheel = new TimerWheel(options.clock, 10, 256);
    this.table = CompiledTable.compile(tableOf(options));
    this.balancers = new Balancers({ counters: this.counters, now: () => performance.now(), random: Math.random });
    this.balancers.update(this.table.table);
    this.proxy = new NetworkProxy({
      config: { ...config, ...options.config },
      counters: this.counters,
      wheel: this.wheel,
      table: () => this.table,
      balancers: this.balancers,
      rates: new RateLimiters({ wheel: this.wheel, counters: this.counters, now: () => performance.now() }),
      ...(options.ticketKeys === undefined ? {} : { ticketKeys: options.ticketKeys }),
      // It never answers: how busy this machine is must change nothing. Tests call `proxy.overload.look`.
      memory: { read: () => new Promise(() => {}) },
      onRequest: (entry) => this.requests.push(entry),
    });
    this.proxy.logRequests(options.accessLog !== false);
    this.server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  static async start(options: HarnessOptions): Promise<Harness> {
    const harness = new Harness(options);
    await new Promise<void>((resolve) => harness.server.listen(0, '127.0.0.1', resolve));
    harness.port = (harness.server.address() as AddressInfo).port;
    return harness;
  }

  /** Swaps the table as SmartProxy's owner does. */
  change(options: Partial<HarnessOptions>): void {
    const previous = this.table;
    this.table = CompiledTable.compile(tableOf({ ...this.#options, ...options }), previous);
    this.proxy.tableChanged(previous, this.table, this.balancers.update(this.table.table));
  }

  flag(flag: ResponseFlag): number {
    return this.counters.responsesByFlag[responseFlags.indexOf(flag)] as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    await this.proxy.close();
    for (const connection of this.connections) connection.socket.destroy();
    this.wheel.close();
  }

  #accept(socket: Socket): void {
    const https = this.#options.protocol === 'https';
    const connection = new TestConnection(`c${++this.#accepted}`, socket, listenerOf(this.#options), https ? this.serverName : false);
    this.connections.push(connection);
    this.proxy.handleConnection(connection);
  }
}

/** Stands for SmartProxy's record of one connection. */
export class TestConnection implements AcceptedConnection {
  readonly id: string;
  readonly socket: Socket;
  readonly listener: Listener;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress = '127.0.0.1';
  readonly localPort = 0;
  readonly tls: AcceptedConnection['tls'];
  readonly inside = undefined;
  readonly proxied = undefined;
  readonly acceptedAtMs = performance.now();
  onCleanup: ((reason: TerminationReason) => void) | undefined = undefined;
  /** How it ended, first cause. */
  ended: { side: ConnectionSide; reason: TerminationReason } | undefined;
  outgoing: Socket | undefined;
  #outermost: Duplex;

  constructor(id: string, socket: Socket, listener: Listener, serverName: string | undefined | false) {
    this.id = id;
    this.socket = socket;
    this.listener = listener;
    this.remoteAddress = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    this.remotePort = socket.remotePort ?? 0;
    this.tls = serverName === false ? undefined : { serverName, alpn: ['h2', 'http/1.1'], offersTls13: true };
    this.#outermost = socket;
    socket.on('error', () => this.end('client', 'econnreset'));
    socket.on('close', () => this.end('client', 'normal'));
  }

  setOutermost(stream: Duplex): void {
    this.#outermost = stream;
  }

  setOutgoing(socket: Socket | undefined): void {
    this.outgoing = socket;
  }

  note(): void {}

  end(side: ConnectionSide, reason: TerminationReason): void {
    if (this.ended !== undefined) return;
    this.ended = { side, reason };
    this.onCleanup?.(reason);
    const destroySoon = () => void setTimeout(() => this.socket.destroy(), 300).unref();
    // A peer that reads slowly gets all that was written for it, as from SmartProxy.
    if (outcomeOf(reason) === 'graceful') this.#outermost.end(destroySoon);
    else destroySoon();
  }
}

function listenerOf(options: HarnessOptions): Listener {
  const protocol = options.protocol ?? 'http';
  return {
    key: protocol,
    addresses: ['127.0.0.1'],
    port: 0,
    publishedPort: protocol === 'https' ? 443 : 80,
    protocol,
    proxyProtocolFrom: [],
  };
}

/** A whole table out of the few facts that a test gives. */
export function tableOf(options: HarnessOptions): RouteTable {
  const hosts = new Map<string, Host>();
  const services = new Map<string, Service>();
  const endpoints = new Map<string, { key: string; endpoints: readonly Endpoint[] }>();
  const policies = new Map<string, Policy>();
  options.routes.forEach((given, i) => {
    const service: Service = {
      key: `test/s${i}:80`,
      namespace: 'test',
      name: `s${i}`,
      port: 80,
      protocol: 'http',
      tls: undefined,
      loadBalancing: 'round-robin',
      ...given.service,
    };
    services.set(service.key, service);
    endpoints.set(service.key, { key: service.key, endpoints: (given.endpoints ?? []).map(endpointOf) });
    const policy = policyOf(`p${i}`, given);
    policies.set(policy.key, policy);
    const host = given.host ?? '*';
    const route: Route = {
      key: `r${i}`,
      source: { kind: 'Ingress', namespace: 'test', name: `i${i}` },
      createdAtMs: 0,
      priority: 0,
      match: { path: { kind: 'prefix', value: given.path ?? '/' }, methods: [], headers: [], query: [] },
      policy: policy.key,
      action: given.action ?? { kind: 'forward', backends: [{ service: service.key, weight: 1 }] },
    };
    const known = hosts.get(host);
    hosts.set(host, { key: host, routes: [...(known?.routes ?? []), route], tls: given.tls ?? known?.tls });
  });
  for (const host of hosts.values()) {
    (host.routes as Route[]).sort((a, b) => b.match.path.value.length - a.match.path.value.length);
  }
  return {
    ...emptyRouteTable,
    listeners: new Map([
      ['http', listenerOf({ ...options, protocol: 'http' })],
      ['https', listenerOf({ ...options, protocol: 'https' })],
    ]),
    hosts,
    services,
    endpoints,
    policies,
    certificates: new Map((options.certificates ?? []).map((certificate) => [certificate.key, certificate])),
    secrets: new Map((options.secrets ?? []).map((secret) => [secret.key, secret])),
    challenges: new Map((options.challenges ?? []).map((challenge) => [challenge.token, challenge])),
  };
}

function endpointOf(given: number | Endpoint): Endpoint {
  return typeof given === 'number' ? { address: '127.0.0.1', port: given, state: 'ready', zone: undefined, forZones: [] } : given;
}

function policyOf(key: string, given: TestRoute): Policy {
  const { timeouts, ...rest } = given.policy ?? {};
  return {
    key,
    redirectToHttps: false,
    maxRequestBodyBytes: 0,
    maxCallBytes: 0,
    retries: 2,
    ...rest,
    timeouts: { connectMs: 2000, readMs: 10_000, sendMs: 10_000, tunnelIdleMs: 60_000, ...timeouts },
  };
}
