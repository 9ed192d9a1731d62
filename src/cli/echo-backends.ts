import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf, SmartProxyError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ObjectStore } from '../sources/object-store.ts';
import { type EchoTarget, echoTargets } from './echo-targets.ts';

/** The echo servers of `--echo-backends`: always those that the objects ask for now. */
export class EchoBackends {
  readonly #store: ObjectStore;
  readonly #log: Log;
  readonly #servers = new Map<string, { readonly target: EchoTarget; readonly server: Server }>();
  #unsubscribe = () => {};
  #revision = -1;
  #last: Promise<void> = Promise.resolve();

  constructor(store: ObjectStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** Starts the servers and keeps following the objects. Rejects when one of the first can't listen; later ones are logged. */
  async start(): Promise<void> {
    const [failure] = await this.#follow();
    if (failure !== undefined) {
      await this.close();
      throw failure;
    }
    this.#unsubscribe = this.#store.subscribe(() => this.#changed());
    this.#changed(); // the objects may be others by now
  }

  /** Resolves when every change so far was followed. */
  settled(): Promise<void> {
    return this.#last;
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await this.settled();
    for (const key of [...this.#servers.keys()]) this.#stop(key);
  }

  #changed(): void {
    this.#last = this.#last.then(async () => {
      for (const err of await this.#follow()) this.#log.error({ err }, 'echo backend not started');
    });
  }

  async #follow(): Promise<readonly SmartProxyError[]> {
    const snapshot = this.#store.snapshot();
    if (snapshot.revision === this.#revision) return [];
    this.#revision = snapshot.revision;
    const targets = echoTargets(snapshot);
    for (const [key, { target }] of [...this.#servers]) if (targets.get(key)?.service !== target.service) this.#stop(key);
    const failures: SmartProxyError[] = [];
    for (const [key, target] of targets) {
      if (this.#servers.has(key)) continue;
      try {
        this.#servers.set(key, { target, server: await startEcho(target) });
      } catch (error) {
        failures.push(error instanceof SmartProxyError ? error : new SmartProxyError('ADDRESS_UNAVAILABLE', messageOf(error)));
      }
    }
    return failures;
  }

  #stop(key: string): void {
    const running = this.#servers.get(key);
    this.#servers.delete(key);
    running?.server.close();
    running?.server.closeAllConnections();
  }
}

async function startEcho(target: EchoTarget): Promise<Server> {
  const server = createServer((request, response) => echo(target, request, response));
  server.listen(target.port, target.address);
  try {
    await once(server, 'listening');
    server.on('error', () => {}); // an accept that failed took no connection
    return server;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const subject = `Cannot start the echo backend of ${target.service} on ${target.address}:${target.port}`;
    if (code === 'EADDRINUSE') throw new SmartProxyError('ADDRESS_IN_USE', `${subject}: another process uses this port`, { cause: error });
    throw new SmartProxyError('ADDRESS_UNAVAILABLE', `${subject}: ${messageOf(error)}`, { cause: error });
  }
}

/** Answers with the request as it came: what a proxy made of it is what one wants to see. */
function echo(target: EchoTarget, request: IncomingMessage, response: ServerResponse): void {
  let bodyBytes = 0;
  request.on('data', (chunk: Buffer) => {
    bodyBytes += chunk.length;
  });
  request.on('end', () => {
    const { method, url, httpVersion, headers } = request;
    const answer = { service: target.service, endpoint: `${target.address}:${target.port}`, method, url, httpVersion, headers, bodyBytes };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify(answer, undefined, 2)}\n`);
  });
}
