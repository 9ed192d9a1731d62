import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadPlan, LoadTarget, TunnelReport } from './load-plan.ts';

const messageMs = 100;

/** An upgraded connection whose bytes come back. One that ends is opened again. */
export class TunnelClient {
  #opened = 0;
  #messages = 0;
  #ended = 0;
  readonly #failures: string[] = [];
  readonly #target: LoadTarget;
  readonly #plan: LoadPlan;

  constructor(target: LoadTarget, plan: LoadPlan) {
    this.#target = target;
    this.#plan = plan;
  }

  get report(): TunnelReport {
    return { opened: this.#opened, messages: this.#messages, ended: this.#ended, failures: this.#failures };
  }

  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        const socket = await this.#open();
        this.#opened++;
        if (await this.#talk(socket, stop)) this.#ended++;
        socket.destroy();
      } catch (error) {
        this.#failures.push((error as Error).message);
        await delay(messageMs);
      }
    }
  }

  #open(): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const key = randomBytes(16).toString('base64');
      const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': key };
      const { address, httpPort } = this.#target;
      const sent = request({
        host: address,
        port: httpPort,
        path: '/tunnel',
        headers: { host: this.#plan.host, ...upgrade },
        agent: false,
      });
      sent.setTimeout(30_000, () => sent.destroy(new Error('no upgrade within 30 s')));
      sent.once('error', reject);
      sent.once('response', (response) => reject(new Error(`the upgrade was answered ${response.statusCode}`)));
      sent.once('upgrade', (_response, socket) => resolve(socket.on('error', () => {})));
      sent.end();
    });
  }

  /** Whether the connection ended before `stop`. */
  async #talk(socket: Duplex, stop: AbortSignal): Promise<boolean> {
    let expected = '';
    socket.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      if (!expected.startsWith(text)) this.#failures.push(`a message came back as ${text}`);
      expected = expected.slice(text.length);
      if (expected === '') this.#messages++;
    });
    // Not events.once: it takes the reset of a connection, which is an end like another, for an error.
    const closed = new Promise<true>((resolve) => socket.once('close', () => resolve(true)));
    for (let count = 0; !stop.aborted; count++) {
      const message = `message ${count};`;
      expected += message;
      socket.write(message);
      if (await Promise.race([closed, delay(messageMs, false)])) return true;
    }
    return false;
  }
}
