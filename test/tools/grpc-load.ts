import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { grpcMessage } from './grpc-raw-backend.ts';

/** How much load, and where to. */
export interface GrpcLoad {
  /** Port on 127.0.0.1 that takes TLS. */
  readonly port: number;
  readonly serverName: string;
  readonly connections: number;
  /** Calls under way at once on each connection. */
  readonly streams: number;
  /** Calls in all. */
  readonly calls: number;
}

/** What became of a load: a failure is a call that did not get its own message back and status 0. */
export interface GrpcLoadResult {
  readonly done: number;
  /** What went wrong -> how often. */
  readonly failures: ReadonlyMap<string, number>;
}

/** Sends echo calls as fast as they are answered, then ends. */
export async function runGrpcLoad(load: GrpcLoad): Promise<GrpcLoadResult> {
  const run = new LoadRun(load);
  await Promise.all(Array.from({ length: load.connections }, () => run.connection()));
  return run;
}

class LoadRun implements GrpcLoadResult {
  done = 0;
  readonly failures = new Map<string, number>();
  #begun = 0;
  readonly #load: GrpcLoad;

  constructor(load: GrpcLoad) {
    this.#load = load;
  }

  /** Calls on one connection at a time; the server may end it in order, another follows then. */
  async connection(): Promise<void> {
    const line = new Line(this.#load, (problem) => this.#failed(problem));
    try {
      await Promise.all(Array.from({ length: this.#load.streams }, () => this.#calls(line)));
    } finally {
      line.close();
    }
  }

  async #calls(line: Line): Promise<void> {
    while (this.#begun < this.#load.calls) {
      const problem = await line.call(grpcMessage(`call ${this.#begun++}`));
      this.done++;
      if (problem !== undefined) this.#failed(problem);
    }
  }

  #failed(problem: string): void {
    this.failures.set(problem, (this.failures.get(problem) ?? 0) + 1);
  }
}

/** A connection that is made anew when the server has said GOAWAY without an error. */
class Line {
  readonly #load: GrpcLoad;
  readonly #failed: (problem: string) => void;
  #session: ClientHttp2Session;

  constructor(load: GrpcLoad, failed: (problem: string) => void) {
    this.#load = load;
    this.#failed = failed;
    this.#session = this.#connect();
  }

  /**
   * One call: what is wrong with its answer. Node takes calls until its session has read GOAWAY, and refuses by itself those that it has not
   * sent by then: they are made again, as clients of gRPC do.
   */
  async call(message: Buffer): Promise<string | undefined> {
    const session = this.#session;
    const problem = await this.#attempt(message);
    return problem === unsent && session.closed ? this.call(message) : problem;
  }

  #attempt(message: Buffer): Promise<string | undefined> {
    // Node closes a session by itself, in order, when GOAWAY comes.
    if (this.#session.closed) this.#session = this.#connect();
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': '/test.Echo/Call',
      ':authority': this.#load.serverName,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.end(message);
    return problemOf(stream, message);
  }

  close(): void {
    this.#session.destroy();
  }

  #connect(): ClientHttp2Session {
    const { port, serverName } = this.#load;
    const session = connect(`https://127.0.0.1:${port}`, { servername: serverName, rejectUnauthorized: false });
    session.on('error', (error) => this.#failed(`connection: ${error.message}`));
    session.on('goaway', (code) => {
      if (code !== 0) this.#failed(`connection: GOAWAY ${code}`);
    });
    return session;
  }
}

const unsent = 'refused before it was sent';

function problemOf(stream: ClientHttp2Stream, message: Buffer): Promise<string | undefined> {
  return new Promise((resolve) => {
    const body: Buffer[] = [];
    let status: unknown;
    let grpcStatus: unknown;
    stream.on('error', () => {});
    stream.once('response', (fields) => {
      status = fields[':status'];
      grpcStatus = fields['grpc-status'];
    });
    stream.on('data', (chunk: Buffer) => body.push(chunk));
    stream.once('trailers', (fields) => {
      grpcStatus = fields['grpc-status'];
    });
    stream.once('close', () => {
      const isRight = status === 200 && grpcStatus === '0' && stream.rstCode === 0 && Buffer.concat(body).equals(message);
      const isUnsent = status === undefined && stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
      if (isUnsent) resolve(unsent);
      else resolve(isRight ? undefined : `status ${status}, grpc-status ${grpcStatus}, reset ${stream.rstCode}, ${Buffer.concat(body)}`);
    });
  });
}
