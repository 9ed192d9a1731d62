import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

/** The host that the probe asks for: that of the first Ingress of `table-objects.ts`. */
const probeHost = 'web-0.example.com';

const connections = 4;
/** A light load: what is measured is how long requests wait, not how many fit. */
const pauseMs = 2;

/** A backend and a few clients in a thread of their own, so that nothing of what the measured process does delays the clock. */
export class LatencyProbe {
  readonly backendPort: number;
  readonly #thread: Worker;

  private constructor(thread: Worker, backendPort: number) {
    this.#thread = thread;
    this.backendPort = backendPort;
  }

  static async start(): Promise<LatencyProbe> {
    const thread = new Worker(new URL(import.meta.url));
    const [port] = (await once(thread, 'message')) as [number];
    return new LatencyProbe(thread, port);
  }

  /** Begins to send requests to this port of 127.0.0.1. */
  ask(port: number): void {
    this.#thread.postMessage(port);
  }

  /** Milliseconds that each request of the next `forMs` took. */
  async latencies(forMs: number): Promise<readonly number[]> {
    this.#thread.postMessage('begin');
    await new Promise((resolve) => setTimeout(resolve, forMs));
    this.#thread.postMessage('end');
    const [latencies] = (await once(this.#thread, 'message')) as [number[]];
    return latencies;
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }
}

async function runThread(): Promise<void> {
  const backend = createServer((_, response) => response.end('ok'));
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  let latencies: number[] = [];
  parentPort?.on('message', (message: number | 'begin' | 'end') => {
    if (typeof message === 'number') for (let client = 0; client < connections; client++) sendFor(message, (ms) => latencies.push(ms));
    else if (message === 'begin') latencies = [];
    else parentPort?.postMessage(latencies);
  });
  parentPort?.postMessage((backend.address() as AddressInfo).port);
}

/** One client, one request after the other; a failed one throws, which ends the benchmark. */
function sendFor(port: number, done: (ms: number) => void): void {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = (): void => {
    const startedAt = performance.now();
    request({ host: '127.0.0.1', port, agent, headers: { host: probeHost } }, (response) => {
      if (response.statusCode !== 200) throw new Error(`Cannot measure: the answer is ${response.statusCode}`);
      response.resume().on('end', () => {
        done(performance.now() - startedAt);
        setTimeout(send, pauseMs);
      });
    }).end();
  };
  send();
}

if (!isMainThread) await runThread();
