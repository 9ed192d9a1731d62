import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';

/** An answer of lines of JSON that goes on: those that have come so far. */
export class NdjsonStream<Line> implements Disposable {
  readonly lines: Line[] = [];
  readonly status: number;
  readonly contentType: string;
  /** The answer is over. */
  ended = false;
  readonly #request: ClientRequest;

  private constructor(sent: ClientRequest, response: IncomingMessage) {
    this.#request = sent;
    this.status = response.statusCode ?? 0;
    this.contentType = response.headers['content-type'] ?? '';
    response.on('error', () => {});
    createInterface({ input: response })
      .on('line', (line) => this.lines.push(JSON.parse(line) as Line))
      .on('close', () => {
        this.ended = true;
      })
      .on('error', () => {});
  }

  /** Resolves when the head of the answer is here. */
  static open<Line>(port: number, path: string): Promise<NdjsonStream<Line>> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, headers: { host: 'localhost' }, agent: false });
      sent.once('error', reject);
      sent.once('response', (response) => resolve(new NdjsonStream<Line>(sent, response)));
      sent.end();
    });
  }

  /** Leaves. */
  [Symbol.dispose](): void {
    this.#request.on('error', () => {});
    this.#request.destroy();
  }
}
