import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeTestCertificate } from './test-certificate.ts';

/** A request on its way. */
export interface GateRequest {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly query: string;
  readonly body: string;
}

/** An answer on its way back. */
export interface GateAnswer extends GateRequest {
  readonly status: number;
}

/** What is given in place of an answer; `hang-up`: the connection is reset. */
export type InsteadOf = 'hang-up' | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string };

/** Says what becomes of something that passes; it waits as long as the promise does. undefined: it goes on. */
export type GateRule<T> = (passing: T) => InsteadOf | undefined | Promise<InsteadOf | undefined>;

const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/** A server for HTTPS that passes everything on to another one on loopback, streams too, and at which a test can stop, change and count. */
export class Gate {
  /** PEM that its certificate, for localhost, is verified by. */
  readonly trusted: string;
  /** Everything that was answered, in order. */
  readonly answers: GateAnswer[] = [];
  onRequest: GateRule<GateRequest> = () => undefined;
  onAnswer: GateRule<GateAnswer> = () => undefined;
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #agent = new Agent({ keepAlive: true, rejectUnauthorized: false });

  private constructor(targetPort: number, { key, cert }: { readonly key: string; readonly cert: string }) {
    this.trusted = cert;
    this.#targetPort = targetPort;
    this.#server = createServer({ key, cert }, (incoming, outgoing) => {
      this.#pass(incoming, outgoing).catch(() => outgoing.destroy());
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  /** @param targetPort of the server that it stands before */
  static async start(targetPort: number): Promise<Gate> {
    const gate = new Gate(targetPort, await makeTestCertificate('localhost'));
    await new Promise<void>((resolve) => gate.#server.listen(0, '127.0.0.1', resolve));
    return gate;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Answers so far to requests like this one. */
  count(method: string, path: RegExp, status?: number): number {
    return this.answers.filter(
      (answer) => answer.method === method && path.test(answer.path) && (status ?? answer.status) === answer.status,
    ).length;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    this.#agent.destroy();
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const [path = '', query = ''] = (incoming.url ?? '').split('?', 2);
    const body = Buffer.concat(await incoming.toArray());
    const passing: GateRequest = { method: incoming.method ?? '', path, query, body: body.toString() };
    const instead = await this.onRequest(passing);
    if (instead !== undefined) return replace(outgoing, instead);
    const answer = await this.#ask(incoming, outgoing, body);
    if (answer === undefined) return replace(outgoing, 'hang-up');
    const status = answer.statusCode ?? 0;
    this.answers.push({ ...passing, status });
    const other = await this.onAnswer({ ...passing, status });
    if (other !== undefined) {
      answer.destroy();
      return replace(outgoing, other);
    }
    const headers: string[] = [];
    for (let i = 0; i < answer.rawHeaders.length; i += 2) {
      const name = answer.rawHeaders[i] as string;
      if (!hopByHop.has(name.toLowerCase())) headers.push(name, answer.rawHeaders[i + 1] as string);
    }
    outgoing.writeHead(status, headers);
    outgoing.flushHeaders();
    answer.on('error', () => outgoing.destroy());
    answer.pipe(outgoing);
  }

  /** undefined: there was no answer. */
  #ask({ method, url, headers }: IncomingMessage, outgoing: ServerResponse, body: Buffer): Promise<IncomingMessage | undefined> {
    return new Promise((resolve) => {
      const target = { host: '127.0.0.1', port: this.#targetPort, servername: 'localhost', agent: this.#agent };
      const sent = request({ ...target, method, path: url, headers }, resolve);
      sent.once('error', () => resolve(undefined));
      outgoing.once('close', () => sent.destroy());
      sent.end(body);
    });
  }
}

function replace(outgoing: ServerResponse, instead: InsteadOf): void {
  if (instead === 'hang-up') outgoing.destroy();
  else outgoing.writeHead(instead.status, { 'content-type': 'application/json', ...instead.headers }).end(instead.body);
}
