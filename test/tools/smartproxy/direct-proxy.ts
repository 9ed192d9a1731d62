import { lookup } from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Balancer } from '../../../src/balancing/balancer.ts';
import { Balancers } from '../../../src/balancing/balancers.ts';
import type { Config } from '../../../src/config/config.ts';
import { WorkerCounters } from '../../../src/observability/counters/worker-counters.ts';
import { ReadBuffers } from '../../../src/read-buffers.ts';
import { ConnectionManager } from '../../../src/smartproxy/connection-manager.ts';
import type { ConnectionRecord } from '../../../src/smartproxy/connection-record.ts';
import { DirectConnection } from '../../../src/smartproxy/direct-connection.ts';
import { directLimitsOf } from '../../../src/smartproxy/direct-routes.ts';
import { SecurityManager, uncounted } from '../../../src/smartproxy/security-manager.ts';
import { TimeoutManager } from '../../../src/smartproxy/timeout-manager.ts';
import { TimerWheel } from '../../../src/timer-wheel.ts';
import { eventually } from '../eventually.ts';
import { Backend, dial } from './backend.ts';
import { endpointOf, listenerOf, openConfig, policyOf, tableOf } from './proxy-under-test.ts';

/** A client and its backend, with the splice between them. */
export interface Pair {
  readonly client: Socket;
  readonly backend: Socket;
  readonly record: ConnectionRecord;
}

/** Splices every client to one backend, with nothing in front: DirectConnection alone, and its buffers in view. */
export class DirectProxy {
  readonly buffers = new ReadBuffers();
  readonly manager: ConnectionManager;
  readonly #wheel = new TimerWheel(undefined, 10);
  readonly #server: Server;
  readonly #backend: Backend;
  #accepted: ConnectionRecord | undefined;

  private constructor(backend: Backend) {
    this.#backend = backend;
    const counters = new WorkerCounters();
    const timeouts = new TimeoutManager(this.#wheel);
    const security = new SecurityManager(openConfig as Config, uncounted);
    const limits = { maxConnections: 0, maxConnectionLifetimeMs: 0 };
    this.manager = new ConnectionManager({ ...limits, counters, wheel: this.#wheel, timeouts, security, idPrefix: 'direct' });
    const balancers = new Balancers({ counters, now: () => performance.now(), random: () => 0 });
    balancers.update(tableOf({ backend: [endpointOf(backend.port)] }));
    const balancer = balancers.get('test/backend:443') as Balancer;
    const context = { timeouts, counters, buffers: this.buffers, lookup };
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
      this.#accepted = this.manager.createConnection(socket, listenerOf('tcp', 'tcp')) as ConnectionRecord;
      new DirectConnection(context, this.#accepted, balancer, { ...directLimitsOf(policyOf()), retries: 1 }, 'unread').start();
    });
  }

  static async listen(): Promise<DirectProxy> {
    const proxy = new DirectProxy(await Backend.listen((socket) => socket.pause()));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** One at a time. */
  async connect(): Promise<Pair> {
    const known = this.#backend.sockets.length;
    const arrived = once(this.#backend.server, 'connection');
    const client = await dial((this.#server.address() as AddressInfo).port);
    await arrived;
    return { client, backend: this.#backend.sockets[known] as Socket, record: this.#accepted as ConnectionRecord };
  }

  /** Resolves when no connection is left; checks that every leased buffer is back. */
  async idle(): Promise<void> {
    await eventually('no connection is left', () => this.manager.size === 0 && this.manager.closingSockets === 0);
    await eventually('every leased buffer is back', () => this.buffers.leased === 0);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.manager.close('shutdown');
    await this.manager.whenClosed();
    await this.#backend.close();
    this.#wheel.close();
  }
}
