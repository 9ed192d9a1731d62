import type { Socket } from 'node:net';
import { bytesOf, PayloadCheck } from './payload.ts';
import type { SoakRun } from './soak-run.ts';
import { stampNames } from './stamps.ts';
import type { Received, Sent } from './verdict.ts';

const longestPipeline = 8;

/** Sends several requests before it reads the first answer, again and again, each time on a new connection or the same. */
export async function pipeliningClient(run: SoakRun): Promise<void> {
  const { random, gate } = run;
  while (!gate.stopped) {
    const socket = run.sockets.plain();
    const reader = new AnswerReader(socket);
    for (let rounds = random.between(1, 20); rounds > 0 && (await gate.enter()); rounds--) {
      const goesOn = !reader.isOver && (await pipeline(run, socket, reader));
      gate.leave();
      if (!goesOn) break;
    }
    socket.end();
  }
}

/** False: the connection is over. */
async function pipeline(run: SoakRun, socket: Socket, reader: AnswerReader): Promise<boolean> {
  const { random, requests, books, world } = run;
  const batch = Array.from({ length: random.between(2, longestPipeline) }, () => {
    const method = random.one(['GET', 'GET', 'POST']);
    const cell = random.one(world.cellsOf('moving', 'limited', 'steady'));
    return requests.make({ client: 'http1-pipelined', cell, secure: false, method, maxBytes: 8192 });
  });
  socket.write(Buffer.concat(batch.map(bytesOfRequest)));
  for (const [index, sent] of batch.entries()) {
    // What follows an answer that says it is the last was not served: those requests are nobody's.
    if (index > 0 && reader.isLast) return false;
    const received = await reader.next(sent);
    const verdict = books.answered(sent, received);
    if (verdict.kind === 'wrong' || !received.whole) return false;
  }
  return !reader.isLast;
}

function bytesOfRequest(sent: Sent): Buffer {
  const { method, target, cell, ask, upload } = sent;
  const length = method === 'POST' ? `Content-Length: ${upload.bytes}\r\n` : '';
  const head = `${method} ${target} HTTP/1.1\r\nHost: ${cell.host.name}\r\n${stampNames.ask}: ${ask}\r\n${length}\r\n`;
  return Buffer.concat([Buffer.from(head), bytesOf(upload)]);
}

/** Takes the answers of one connection apart, strictly: anything else than a known framing is a failure. */
class AnswerReader {
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | undefined;
  /** The last answer said that it was the last. */
  isLast = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake?.();
    });
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake?.();
      });
    }
  }

  /** The connection has ended. */
  get isOver(): boolean {
    return this.#ended;
  }

  async next({ answer }: Sent): Promise<Received> {
    const check = new PayloadCheck(answer.offset);
    const head = await this.#until('\r\n\r\n');
    const [first = '', ...lines] = (head ?? '').trimEnd().split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    if (headers.connection === 'close') this.isLast = true;
    const body = head === undefined ? undefined : await this.#body(headers);
    check.feed(body ?? Buffer.alloc(0));
    return {
      status: Number(first.split(' ')[1] ?? 0),
      headers,
      bodyBytes: check.received,
      bodyProblem: body === undefined ? undefined : check.problem,
      text: body?.toString('latin1', 0, 200) ?? '',
      whole: body !== undefined,
      error: this.#socket.errored?.message,
      endMs: performance.now(),
    };
  }

  async #body(headers: Readonly<Record<string, string>>): Promise<Buffer | undefined> {
    if (headers['content-length'] !== undefined) return await this.#take(Number(headers['content-length']));
    const parts: Buffer[] = [];
    for (;;) {
      const size = await this.#until('\r\n');
      const part = size === undefined ? undefined : await this.#take(Number.parseInt(size, 16) + 2);
      if (part === undefined) return undefined;
      if (part.length === 2) return Buffer.concat(parts);
      parts.push(part.subarray(0, -2));
    }
  }

  async #until(mark: string): Promise<string | undefined> {
    for (;;) {
      const at = this.#bytes.indexOf(mark);
      if (at !== -1) return (await this.#take(at + mark.length))?.toString('latin1');
      if (!(await this.#more())) return undefined;
    }
  }

  async #take(count: number): Promise<Buffer | undefined> {
    while (this.#bytes.length < count) if (!(await this.#more())) return undefined;
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    return true;
  }
}
