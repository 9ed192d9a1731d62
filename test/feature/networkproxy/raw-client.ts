import { connect, type Socket } from 'node:net';

/** A client that writes and reads exact bytes, and waits for events, never for time. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  /** All that came, latin1. */
  text = '';
  ended = false;
  closed = false;
  error: NodeJS.ErrnoException | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1');
      this.#wake?.();
    });
    socket.on('end', () => {
      this.ended = true;
      this.#wake?.();
    });
    socket.on('close', () => {
      this.closed = true;
      this.#wake?.();
    });
    socket.on('error', (error) => {
      this.error = error;
      this.#wake?.();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  write(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Waits until `isDone` holds; fails with what came when it does not within `timeoutMs`. */
  async until(isDone: (client: this) => boolean, timeoutMs = 30_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!isDone(this)) {
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`Cannot see what was waited for (${isDone}): got ${JSON.stringify(this.text.slice(-600))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 50));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async untilText(part: string): Promise<void> {
    await this.until(() => this.text.includes(part));
  }

  /** Reads until the server has ended its side or broken the connection. */
  async untilEnd(): Promise<string> {
    await this.until(() => this.ended || this.closed);
    return this.text;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** Sends one request on its own connection and returns all that comes until the end. */
export async function exchange(port: number, request: string): Promise<string> {
  using client = await RawClient.connect(port);
  client.write(request);
  return await client.untilEnd();
}

/** A GET that asks for the connection's end. */
export function get(port: number, path = '/', host = 'a.example', more = ''): Promise<string> {
  return exchange(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`);
}

/** The status of an answer's first line; 0 when there is none. */
export function statusOf(text: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
}

/** Polls a condition that no event announces. */
export async function eventually(isTrue: () => boolean, what: string, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`Cannot see ${what} within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
