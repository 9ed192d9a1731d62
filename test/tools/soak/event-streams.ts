import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { type ClientHttp2Stream, constants } from 'node:http2';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { openSession, requestOn } from './http2-clients.ts';
import type { LongLived } from './long-lived.ts';
import { nothing } from './payload.ts';
import type { SoakRun } from './soak-run.ts';
import { eventText, stampNames } from './stamps.ts';
import { type Sent, servedBy } from './verdict.ts';
import type { SoakCell } from './world.ts';

const sleepyPauseMs = 1500;

/** An open stream of Server-Sent Events: each event has to be the next one of the backend that began it. */
export class EventStream implements LongLived {
  readonly client: string;
  readonly socket: Socket;
  readonly over: Promise<void>;
  progress = 0;
  lost = false;
  readonly #run: SoakRun;
  readonly #body: Readable;
  readonly #close: () => void;
  readonly #backend: string;
  #text = '';
  #leaving = false;

  private constructor(run: SoakRun, sent: Sent, socket: Socket, body: Readable, backend: string, close: () => void) {
    this.client = sent.client;
    this.socket = socket;
    this.#run = run;
    this.#body = body;
    this.#backend = backend;
    this.#close = close;
    if (servedBy(sent, backend, performance.now()) === undefined) run.books.fail(`${sent.client} was begun by ${backend}`);
    body.on('data', (chunk: Buffer) => this.#read(chunk));
    body.on('error', () => {});
    this.over = new Promise((resolve) => {
      body.once('close', () => {
        if (!this.#leaving && !this.lost) run.books.fail(`${sent.client} on port ${socket.localPort} ended after ${this.progress} events`);
        resolve();
      });
    });
  }

  static async overHttp1(run: SoakRun, cell: SoakCell, client: string): Promise<EventStream> {
    const sent = subscription(run, cell, client);
    const socket = run.sockets.plain();
    const headers = { host: cell.host.name, [stampNames.ask]: sent.ask };
    const request = httpRequest({ createConnection: () => socket, path: sent.target, headers });
    request.on('error', () => {});
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return new EventStream(run, sent, socket, response, String(response.headers[stampNames.backend]), () => socket.destroy());
  }

  static async overHttp2(run: SoakRun, cell: SoakCell, client: string): Promise<EventStream> {
    const { session, socket } = openSession(run, cell.host);
    const sent = subscription(run, cell, client);
    const stream = requestOn(session, sent, {}) as ClientHttp2Stream;
    const [fields] = await once(stream, 'response');
    return new EventStream(run, sent, socket, stream, String(fields[stampNames.backend]), () => {
      stream.close(constants.NGHTTP2_CANCEL);
      session.close();
    });
  }

  /** Stops reading now and then, so that events pile up and the proxy has to wait. */
  async dose(): Promise<void> {
    while (!this.#leaving && !this.#body.destroyed) {
      await delay(sleepyPauseMs);
      this.#body.pause();
      await delay(sleepyPauseMs);
      this.#body.resume();
    }
  }

  async leave(): Promise<void> {
    this.#leaving = true;
    this.#close();
    await this.over;
    this.#run.books.countStatus(200);
    this.#run.books.countFlag('client_gone');
  }

  #read(chunk: Buffer): void {
    this.#text += chunk.toString('latin1');
    for (let end = this.#text.indexOf('\n\n'); end !== -1; end = this.#text.indexOf('\n\n')) {
      const event = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      const due = `id: ${this.progress}\ndata: ${eventText(this.#backend, this.progress)}`;
      if (event !== due) this.#run.books.fail(`${this.client} of ${this.#backend} got ${JSON.stringify(event)} in place of ${due}`);
      this.progress++;
    }
  }
}

function subscription({ requests }: SoakRun, cell: SoakCell, client: string): Sent {
  const made = requests.make({ client, cell, secure: false, method: 'GET', maxBytes: 0 });
  return { ...made, target: `${cell.path}/sse`, upload: nothing, status: 200 };
}
