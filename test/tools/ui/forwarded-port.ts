import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { messageOf } from '../../../src/errors.ts';
import { readAnswer } from '../../../src/read-answer.ts';

/** An answer of the program, as it comes to the browser. */
export interface PassedAnswer {
  readonly status: number;
  readonly body: string;
}

const maxBytes = 16 * 1024 ** 2;

/** A port of this machine that leads to another, as `kubectl port-forward` makes one: it can be cut, and lead to a program that answers otherwise. */
export class ForwardedPort {
  readonly #target: number;
  #server: Server | undefined;
  #port = 0;
  /** Paths with queries that were asked for below `/debug/`. */
  readonly asked: string[] = [];
  /** Most of them that were under way at once. */
  mostAtOnce = 0;
  #underWay = 0;
  /** What becomes of an answer below `/debug/`. */
  alter: (path: string, answer: PassedAnswer) => PassedAnswer = (_, answer) => answer;

  private constructor(target: number) {
    this.#target = target;
  }

  /** Ends with the test. */
  static async to(t: TestContext, target: number): Promise<ForwardedPort> {
    const port = new ForwardedPort(target);
    t.after(() => port.cut());
    await port.open();
    return port;
  }

  get url(): string {
    return `http://localhost:${this.#port}/`;
  }

  /** Leads there (again). */
  async open(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((request, response) => void this.#pass(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Nothing listens there, and who was connected is not. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method, headers, url: path = '' } = incoming;
    const isPage = path.startsWith('/debug/');
    if (isPage) this.asked.push(path);
    this.mostAtOnce = Math.max(this.mostAtOnce, isPage ? ++this.#underWay : 0);
    try {
      const { answer, body } = await this.#ask({ method, path, headers }).catch((error) => {
        if (isPage) throw error;
        // A browser does the same; without, one connection that broke is a page without its script, which nothing asks for again.
        console.error(`GET ${path} is asked again: ${messageOf(error)}`);
        return this.#ask({ method, path, headers });
      });
      const altered = isPage ? this.alter(path, { status: answer.statusCode ?? 0, body }) : { status: answer.statusCode ?? 0, body };
      const { 'content-length': _, ...kept } = answer.headers;
      outgoing.writeHead(altered.status, kept);
      outgoing.end(altered.body);
    } catch {
      outgoing.destroy();
    } finally {
      if (isPage) this.#underWay--;
    }
  }

  async #ask(request: RequestOptions): Promise<{ readonly answer: IncomingMessage; readonly body: string }> {
    const passed = httpRequest({ host: '127.0.0.1', port: this.#target, agent: false, ...request });
    passed.end();
    const [answer] = (await once(passed, 'response')) as [IncomingMessage];
    return { answer, body: await readAnswer(answer, maxBytes) };
  }
}
