import { randomBytes } from 'node:crypto';
import type { ClientHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { firstEvent } from './first-event.ts';
import { openSession } from './http2-clients.ts';
import type { LongLived } from './long-lived.ts';
import { bytesOf, nothing, PayloadCheck, payloadBytes, pieceAt } from './payload.ts';
import type { SoakRun } from './soak-run.ts';
import { stampNames, webSocketAccept } from './stamps.ts';
import { type Sent, servedBy } from './verdict.ts';
import type { SoakCell } from './world.ts';

const largestMessage = 100_000;

/** An open WebSocket to an echoing backend: all that comes back is compared. The proxy does not look into frames, so none are made. */
export class EchoSocket implements LongLived {
  readonly client: string;
  readonly socket: Socket;
  readonly over: Promise<void>;
  progress = 0;
  lost = false;
  readonly #run: SoakRun;
  readonly #stream: Duplex;
  readonly #session: ClientHttp2Session | undefined;
  readonly #offset: number;
  readonly #check: PayloadCheck;
  #leaving = false;

  private constructor(run: SoakRun, client: string, socket: Socket, stream: Duplex, session: ClientHttp2Session | undefined) {
    this.client = client;
    this.socket = socket;
    this.#run = run;
    this.#stream = stream;
    this.#session = session;
    this.#offset = run.random.between(0, payloadBytes - 1);
    this.#check = new PayloadCheck(this.#offset);
    stream.on('data', (chunk: Buffer) => this.#check.feed(chunk));
    stream.on('error', () => {});
    this.over = new Promise((resolve) => {
      stream.once('close', () => {
        if (!this.#leaving && !this.lost) run.books.fail(`${client} on port ${socket.localPort} ended after ${this.progress} messages`);
        resolve();
      });
    });
  }

  static async overHttp1(run: SoakRun, cell: SoakCell, client: string): Promise<EchoSocket | undefined> {
    const key = randomBytes(16).toString('base64');
    const sent = upgradeTo(run, cell, client);
    const socket = run.sockets.plain();
    socket.write(
      `GET ${sent.target} HTTP/1.1\r\nHost: ${cell.host.name}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n${stampNames.ask}: ${sent.ask}\r\n\r\n`,
    );
    let head = '';
    while (!head.includes('\r\n\r\n')) {
      const [chunk] = (await firstEvent(socket, 'data')) ?? [];
      if (!Buffer.isBuffer(chunk)) break;
      head += chunk.toString('latin1');
    }
    const field = (name: string): string => new RegExp(`\r\n${name}: ([^\r]*)`, 'i').exec(head)?.[1] ?? '';
    const isOpen = head.startsWith('HTTP/1.1 101 ') && field('sec-websocket-accept') === webSocketAccept(key);
    if (!isOpened(run, sent, isOpen, field(stampNames.backend), head)) return undefined;
    return new EchoSocket(run, client, socket, socket, undefined);
  }

  static async overHttp2(run: SoakRun, cell: SoakCell, client: string): Promise<EchoSocket | undefined> {
    const { session, socket } = openSession(run, cell.host);
    const sent = upgradeTo(run, cell, client);
    if (session.remoteSettings?.enableConnectProtocol !== true) await firstEvent(session, 'remoteSettings');
    const stream = session.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'https',
      ':authority': cell.host.name,
      ':path': sent.target,
      'sec-websocket-version': '13',
      [stampNames.ask]: sent.ask,
    });
    stream.on('error', () => {});
    const [answer] = (await firstEvent(stream, 'response')) ?? [];
    const fields = answer as Readonly<Record<string, unknown>> | undefined;
    if (!isOpened(run, sent, fields?.[':status'] === 200, String(fields?.[stampNames.backend]), JSON.stringify(fields))) return undefined;
    return new EchoSocket(run, client, socket, stream, session);
  }

  /** One message there and back. */
  async echo(): Promise<void> {
    const { random } = this.#run;
    const bytes = random.chance(0.1) ? random.between(1, largestMessage) : random.between(1, 4096);
    const due = this.#check.received + bytes;
    this.#stream.write(bytesOf(pieceAt(this.#offset + this.#check.received, bytes)));
    while (this.#check.received < due && !this.#stream.destroyed) await firstEvent(this.#stream, 'data');
    if (this.#stream.destroyed) return;
    if (this.#check.received > due) this.#check.problem ??= `${this.#check.received - due} bytes too many`;
    if (this.#check.problem !== undefined) this.#run.books.fail(`${this.client} after ${this.progress} messages: ${this.#check.problem}`);
    this.progress++;
  }

  /** Echoes until it is left. */
  async live(): Promise<void> {
    while (!this.#leaving && !this.#stream.destroyed) {
      await this.echo();
      await delay(this.#run.random.between(20, 250));
    }
  }

  async leave(): Promise<void> {
    this.#leaving = true;
    this.#stream.end();
    await this.over;
    this.#session?.close();
  }
}

function upgradeTo({ requests }: SoakRun, cell: SoakCell, client: string): Sent {
  const made = requests.make({ client, cell, secure: false, method: 'GET', maxBytes: 0 });
  return { ...made, target: `${cell.path}/chat`, upload: nothing };
}

function isOpened({ books }: SoakRun, sent: Sent, isOpen: boolean, backend: string, seen: string): boolean {
  if (isOpen && servedBy(sent, backend, performance.now()) !== undefined) {
    books.countStatus(101);
    return true;
  }
  books.fail(`${sent.client}: ${sent.cell.host.name}${sent.target} did not open at ${backend}: ${seen}`);
  return false;
}

/** Opens a WebSocket, sends a few messages, leaves, again and again. */
export async function webSocketClient(run: SoakRun, version: 1 | 2): Promise<void> {
  const { random, gate, world, books } = run;
  while (await gate.enter()) {
    const cell = random.one(world.cellsOf('steady'));
    const client = `websocket-http${version}`;
    const socket = version === 1 ? await EchoSocket.overHttp1(run, cell, client) : await EchoSocket.overHttp2(run, cell, client);
    if (socket !== undefined) {
      for (let messages = random.between(1, 12); messages > 0; messages--) await socket.echo();
      await socket.leave();
      books.countRight(client);
    }
    gate.leave();
  }
}
