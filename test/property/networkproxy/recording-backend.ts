import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type LlhttpMessage, readWithLlhttp } from '../../tools/llhttp.ts';

/** What a backend answers: bytes, written in pieces of these sizes in turn, each in a turn of the event loop of its own. */
export interface PlannedAnswer {
  readonly wire: string;
  readonly sizes: readonly number[];
}

/** A backend that keeps what it is asked, as llhttp reads it, and answers each path as planned. */
export class RecordingBackend implements AsyncDisposable {
  /** Of all connections, by path. */
  readonly requests = new Map<string, LlhttpMessage[]>();
  /** What could not be read. */
  readonly errors: string[] = [];
  port = 0;
  answerTo: (path: string) => PlannedAnswer = () => ({ wire: 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n', sizes: [1000] });
  readonly #sockets = new Set<Socket>();
  readonly #server: Server = createServer({ noDelay: true }, (socket) => this.#serve(socket));

  static async start(): Promise<RecordingBackend> {
    const backend = new RecordingBackend();
    await new Promise<void>((resolve) => backend.#server.listen(0, '127.0.0.1', resolve));
    backend.port = (backend.#server.address() as AddressInfo).port;
    return backend;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let received = Buffer.alloc(0);
    let answered = 0;
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const { messages, error } = readWithLlhttp(received, 'request', false);
      if (error !== undefined) this.errors.push(`${error}: ${received.toString('latin1')}`);
      for (const message of messages.slice(answered)) {
        if (!message.isComplete) break;
        answered++;
        this.requests.set(message.url, [...(this.requests.get(message.url) ?? []), message]);
        void answer(socket, this.answerTo(message.url));
      }
    });
  }
}

/** What is left after so many pieces goes at once. */
const maxPieces = 100;

async function answer(socket: Socket, { wire, sizes }: PlannedAnswer): Promise<void> {
  const bytes = Buffer.from(wire, 'latin1');
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = i < maxPieces ? (sizes[i % sizes.length] ?? bytes.length) : bytes.length;
    socket.write(bytes.subarray(at, at + size));
    at += size;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
