import assert from 'node:assert/strict';
import type { EndpointRuntime } from '../../../src/balancing/endpoint-runtime.ts';
import type { WheelClock } from '../../../src/timer-wheel.ts';
import type { FrameBackend, FrameConnection } from '../../tools/frame-backend.ts';
import { Harness, type HarnessOptions, type TestRoute } from './harness.ts';
import { type Http2Answer, Http2Client } from './http2-client.ts';
import { eventually, RawClient } from './raw-client.ts';

const h2c = { protocol: 'h2c' } as const;

/** A clock that stands still until a test moves it. */
export class StandingClock implements WheelClock {
  #nowMs = 1_000_000;

  now(): number {
    return this.#nowMs;
  }

  every(): () => void {
    return () => {};
  }

  /** Lets the time pass and runs what is due. */
  pass(harness: Harness, ms: number): void {
    for (let left = ms; left > 0; left -= 1000) {
      this.#nowMs += Math.min(left, 1000);
      harness.wheel.advance();
    }
  }
}

/** A proxy with one route to HTTP/2 backends, and a client that speaks HTTP/2 to it. */
export class Setup implements AsyncDisposable {
  readonly harness: Harness;
  readonly client: Http2Client;

  private constructor(harness: Harness, client: Http2Client) {
    this.harness = harness;
    this.client = client;
  }

  static async start(
    backends: readonly { readonly port: number }[],
    route: TestRoute = {},
    more: Partial<HarnessOptions> = {},
  ): Promise<Setup> {
    const routes = [{ endpoints: backends.map(({ port }) => port), service: h2c, ...route }];
    const harness = await Harness.start({ routes, ...more, config: { h2c: true, ...more.config } });
    return new Setup(harness, await Http2Client.connect(harness.port));
  }

  /** Many requests at once over HTTP/2. */
  all(count: number, path = '/', body?: string | Buffer): Promise<readonly Http2Answer[]> {
    const options = body === undefined ? {} : { method: 'POST', body };
    return Promise.all(Array.from({ length: count }, (_, i) => this.client.ask(`${path}?${i}`, options)));
  }

  /** The log's words for each request: status, flag, detail. */
  get outcomes(): readonly string[] {
    return this.harness.requests.map(({ status, flag, detail }) => [status, flag ?? '-', detail ?? '-'].join(' '));
  }

  get active(): number {
    return this.harness.balancers.get('test/s0:80') === undefined
      ? 0
      : endpointsOf(this.harness).reduce((sum, { active }) => sum + active, 0);
  }

  get pool(): string {
    const { idle, active, connecting } = this.harness.proxy.poolStatus;
    return `idle ${idle}, active ${active}, connecting ${connecting}`;
  }

  /** Waits until the pools look like that. */
  async untilPool(idle: number, active: number, connecting: number): Promise<void> {
    const wanted = `idle ${idle}, active ${active}, connecting ${connecting}`;
    await eventually(() => this.pool === wanted, wanted).catch(() => assert.equal(this.pool, wanted));
  }

  /** Ends what is idle, and proves that nothing of the backends is left: no connection, no request, no deadline. */
  async expectNothingLeft(...backends: readonly FrameBackend[]): Promise<void> {
    const endpoints = endpointsOf(this.harness);
    this.client.session.destroy();
    this.harness.change({ routes: [] });
    await this.untilPool(0, 0, 0);
    await eventually(() => backends.every(({ liveConnections }) => liveConnections === 0), 'no connection at a backend');
    for (const backend of backends) for (const { socket } of backend.connections) socket.destroy();
    for (const { key, active } of endpoints) assert.equal(active, 0, `requests at ${key}`);
    for (const connection of this.harness.connections) connection.socket.destroy();
    await eventually(() => this.harness.wheel.size === 0, 'no deadline left');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.harness[Symbol.asyncDispose]();
  }
}

/** The endpoints of the first route's service. */
export function endpointsOf(harness: Harness): readonly EndpointRuntime[] {
  const balancer = harness.balancers.get('test/s0:80');
  const found = new Set<EndpointRuntime>();
  for (let i = 0; i < 16; i++) {
    const endpoint = balancer?.pick();
    if (endpoint !== undefined) found.add(endpoint);
  }
  return [...found];
}

/** The connection of this index, once it is there. */
export async function connectionOf(backend: FrameBackend, index: number): Promise<FrameConnection> {
  await eventually(() => backend.connections.length > index, `connection ${index} at the backend`);
  return backend.connections[index]!;
}

/** Waits until so many requests have come, whole or not. */
export async function untilRequests(backend: FrameBackend, count: number): Promise<void> {
  await eventually(() => backend.requests.length >= count, `${count} requests at the backend (${backend.requests.length})`);
}

/** A client of HTTP/1.1 that has sent `text`. */
export async function http1(harness: Harness, text: string): Promise<RawClient> {
  const client = await RawClient.connect(harness.port);
  client.write(text);
  return client;
}
