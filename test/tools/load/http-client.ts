import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LoadPlan, LoadTarget } from './load-plan.ts';

/** No answer by then is a failure. */
const answerTimeoutMs = 30_000;

/** How one request ended: a complete answer, a failure, or given back unprocessed by an HTTP/2 connection that was ending. */
export type Outcome =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  | { readonly kind: 'failure'; readonly why: string }
  | { readonly kind: 'given-back' };

/** One client of a load. It sends one request at a time, unless it speaks HTTP/2. */
export interface HttpClient {
  readonly connections: number;
  /** A GET; with a body a POST, which nothing on its way may send twice. */
  ask(path: string, body: string): Promise<Outcome>;
  close(): void;
}

/** HTTP/1.1, on one connection that is kept or on a new one for each request. A connection that ends under a request is a failure. */
export class Http1Client implements HttpClient {
  connections = 0;
  readonly #agent: HttpAgent;
  readonly #options: object;
  readonly #request: typeof requestHttp;

  constructor(target: LoadTarget, plan: LoadPlan, options: { readonly secure: boolean; readonly keepAlive: boolean }) {
    const { secure, keepAlive } = options;
    const agentOptions = { keepAlive, maxSockets: 1 };
    this.#agent = secure ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
    this.#request = secure ? requestHttps : requestHttp;
    const port = secure ? target.httpsPort : target.httpPort;
    const tls = secure ? { ca: plan.ca, servername: plan.host } : {};
    this.#options = { host: target.address, port, agent: this.#agent, timeout: answerTimeoutMs, ...tls, headers: { host: plan.host } };
  }

  ask(path: string, sent: string): Promise<Outcome> {
    return new Promise((resolve) => {
      const request = this.#request({ ...this.#options, path, method: methodOf(sent) });
      const fail = (error: Error) =>
        resolve({ kind: 'failure', why: `${request.reusedSocket ? 'kept' : 'new'} connection: ${error.message}` });
      request.once('socket', () => {
        if (!request.reusedSocket) this.connections++;
      });
      request.once('timeout', () => request.destroy(new Error('no answer')));
      request.on('error', fail);
      request.once('response', (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.once('error', fail);
        response.once('end', () => resolve({ kind: 'answer', status: response.statusCode ?? 0, body }));
      });
      request.end(sent);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** HTTP/2 over TLS, on one connection until that one is ending or on a new one for each request. */
export class Http2Client implements HttpClient {
  connections = 0;
  readonly #target: LoadTarget;
  readonly #plan: LoadPlan;
  readonly #keep: boolean;
  #session: ClientHttp2Session | undefined;

  constructor(target: LoadTarget, plan: LoadPlan, options: { readonly keepAlive: boolean }) {
    this.#target = target;
    this.#plan = plan;
    this.#keep = options.keepAlive;
  }

  ask(path: string, sent: string): Promise<Outcome> {
    const session = this.#usableSession();
    return new Promise((resolve) => {
      const stream = session.request({ ':method': methodOf(sent), ':authority': this.#plan.host, ':path': path }, { endStream: false });
      let status = 0;
      let body = '';
      let why = '';
      stream.setTimeout(answerTimeoutMs, () => stream.close(constants.NGHTTP2_CANCEL));
      stream.once('response', (headers) => {
        status = Number(headers[':status']);
      });
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      stream.on('error', (error) => {
        why = error.message;
      });
      stream.once('close', () => {
        if (!this.#keep) session.close();
        const code = stream.rstCode;
        if (status !== 0 && code === constants.NGHTTP2_NO_ERROR) resolve({ kind: 'answer', status, body });
        // Refused by the peer, or never sent by Node's client because a GOAWAY had come.
        else if (status === 0 && (code === constants.NGHTTP2_REFUSED_STREAM || (session.closed && stream.id === undefined))) {
          resolve({ kind: 'given-back' });
        } else resolve({ kind: 'failure', why: `stream ${stream.id}: status ${status}, code ${code}, ${why}` });
      });
      stream.end(sent);
    });
  }

  close(): void {
    this.#session?.close();
  }

  #usableSession(): ClientHttp2Session {
    const current = this.#session;
    if (this.#keep && current !== undefined && !current.closed && !current.destroyed) return current;
    this.connections++;
    const { host, ca } = this.#plan;
    const session = connect(`https://${this.#target.address}:${this.#target.httpsPort}`, { ca, servername: host });
    session.on('error', () => {});
    // A connection that is ending takes no more requests.
    session.once('goaway', () => session.close());
    this.#session = session;
    return session;
  }
}

function methodOf(body: string): 'GET' | 'POST' {
  return body === '' ? 'GET' : 'POST';
}
