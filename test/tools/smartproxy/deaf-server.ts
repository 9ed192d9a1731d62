import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { eventually } from '../eventually.ts';

/** Listens with the shortest queue there is, says its port and then blocks its thread for good. */
const source = `
const { createServer } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const server = createServer();
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(workerData, 0, 0);
});`;

/** State of a socket in /proc/net/tcp whose SYN nobody has answered. */
const synSent = '02';

/** A server that never accepts and whose queue is full: the kernel drops what else comes, so that a dial goes on until it is given up. */
export class DeafServer implements AsyncDisposable {
  readonly port: number;
  readonly #worker: Worker;
  readonly #queued: Socket[] = [];

  private constructor(worker: Worker, port: number) {
    this.#worker = worker;
    this.port = port;
  }

  static async listen(): Promise<DeafServer> {
    const worker = new Worker(source, { eval: true, workerData: new Int32Array(new SharedArrayBuffer(4)) });
    const [port] = (await once(worker, 'message')) as [number];
    const server = new DeafServer(worker, port);
    await server.#fillQueue();
    return server;
  }

  /** How many dials to this server hang in the kernel, those that fill its queue not counted. */
  get hangingDials(): number {
    return this.#synSent() - this.#queued.filter((socket) => socket.connecting).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#queued) socket.destroy();
    await this.#worker.terminate();
  }

  async #fillQueue(): Promise<void> {
    for (let count = 0; count < 8; count++) this.#queued.push(connect(this.port, '127.0.0.1').on('error', () => {}));
    await eventually('the queue is full', () => this.#synSent() > 0);
  }

  #synSent(): number {
    const remote = `:${this.port.toString(16).toUpperCase().padStart(4, '0')}`;
    const rows = readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1);
    return rows.map((row) => row.trim().split(/\s+/)).filter((row) => row[2]?.endsWith(remote) && row[3] === synSent).length;
  }
}
