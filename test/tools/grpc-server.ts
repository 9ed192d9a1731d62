import { once } from 'node:events';
import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerOptions,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { patternOf } from './grpc-pattern.ts';
import {
  type EchoStatus,
  type Empty,
  type HealthRequest,
  type HealthResponse,
  healthService,
  type InputRequest,
  type InputResponse,
  type OutputRequest,
  type OutputResponse,
  type SimpleRequest,
  type SimpleResponse,
  testService,
} from './grpc-services.ts';
import type { TestCertificate } from './test-certificate.ts';

export const echoInitialKey = 'x-grpc-test-echo-initial';
export const echoTrailingKey = 'x-grpc-test-echo-trailing-bin';

export interface GrpcServerOptions {
  /** @default 127.0.0.1 */
  readonly address?: string;
  /** 0, the default: a free port. */
  readonly port?: number;
  /** Speaks TLS with this certificate; plain HTTP/2 without. */
  readonly tls?: TestCertificate;
  readonly options?: ServerOptions;
}

/** A grpc-js server with gRPC's interoperability service and the health service; it counts what it saw. */
export class GrpcServer implements AsyncDisposable {
  port = 0;
  /** Calls that began, and those of them that the client gave up. */
  calls = 0;
  cancelled = 0;
  /** The clients' addresses. */
  readonly #peers = new Set<string>();
  /** Messages that came on streams, and those of the streaming input that were not what they should be. */
  messages = 0;
  wrongMessages = 0;
  /** Messages of the streaming output that its window let go. */
  sent = 0;
  /** Streaming input is not read before `readSlowOnes`. */
  isSlow = false;
  /** The body of the last single message. */
  lastBody: Buffer = Buffer.alloc(0);
  /** The deadline of the last call. */
  deadline: number | Date = 0;
  /** The metadata of the last call. */
  metadata = new Metadata();
  /** Services that the health service knows; the empty name is the server as a whole. */
  readonly healthOf = new Set(['']);
  readonly #server: Server;
  readonly #watchers = new Set<ServerWritableStream<HealthRequest, HealthResponse>>();
  readonly #slowReads: (() => void)[] = [];
  #health = 1;

  private constructor(options: ServerOptions) {
    this.#server = new Server(options);
    this.#server.addService(testService, {
      EmptyCall: this.#emptyCall,
      UnaryCall: this.#unaryCall,
      StreamingOutputCall: this.#streamingOutputCall,
      StreamingInputCall: this.#streamingInputCall,
      FullDuplexCall: this.#fullDuplexCall,
    });
    this.#server.addService(healthService, { Check: this.#check, Watch: this.#watch });
  }

  static async start({ address = '127.0.0.1', port = 0, tls, options = {} }: GrpcServerOptions = {}): Promise<GrpcServer> {
    const server = new GrpcServer(options);
    const secure =
      tls === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(null, [{ private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) }]);
    server.port = await new Promise<number>((resolve, reject) => {
      server.#server.bindAsync(`${address}:${port}`, secure, (error, bound) => (error === null ? resolve(bound) : reject(error)));
    });
    return server;
  }

  /** What the health service says, told to all who watch. */
  set health(status: number) {
    this.#health = status;
    for (const watcher of this.#watchers) watcher.write({ status });
  }

  readSlowOnes(): void {
    for (const read of this.#slowReads.splice(0)) read();
  }

  /** Connections on which calls have come since the start. */
  get connections(): number {
    return this.#peers.size;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** GOAWAY on every connection; resolves when the calls under way have ended. */
  shutdown(): Promise<void> {
    return new Promise((resolve) => this.#server.tryShutdown(() => resolve()));
  }

  /** Breaks every connection. */
  kill(): void {
    this.#server.forceShutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await Promise.resolve();
  }

  readonly #emptyCall: handleUnaryCall<Empty, Empty> = (call, callback) => {
    this.#began(call);
    callback(null, {}, echoed(call));
  };

  readonly #unaryCall: handleUnaryCall<SimpleRequest, SimpleResponse> = (call, callback) => {
    this.#began(call);
    const { responseStatus, responseSize = 0, payload } = call.request;
    this.lastBody = payload?.body ?? Buffer.alloc(0);
    const trailing = echoed(call);
    if (isFailure(responseStatus)) callback({ code: responseStatus.code, details: responseStatus.message, metadata: trailing });
    else callback(null, { payload: { body: patternOf(responseSize, 0) } }, trailing);
  };

  readonly #streamingOutputCall: handleServerStreamingCall<OutputRequest, OutputResponse> = (call) => {
    this.#began(call);
    void this.#stream(call, echoed(call));
  };

  readonly #streamingInputCall: handleClientStreamingCall<InputRequest, InputResponse> = (call, callback) => {
    this.#began(call);
    let size = 0;
    let index = 0;
    call.on('data', ({ payload }: InputRequest) => {
      const body = payload?.body ?? Buffer.alloc(0);
      this.messages++;
      size += body.length;
      if (!body.equals(patternOf(body.length, index++))) this.wrongMessages++;
    });
    if (this.isSlow) {
      call.pause();
      this.#slowReads.push(() => call.resume());
    }
    call.on('end', () => callback(null, { aggregatedPayloadSize: size }, echoed(call)));
  };

  readonly #fullDuplexCall: handleBidiStreamingCall<OutputRequest, OutputResponse> = (call) => {
    this.#began(call);
    const trailing = echoed(call);
    let isOver = false;
    let index = 0;
    call.on('data', ({ responseParameters = [], responseStatus }: OutputRequest) => {
      this.messages++;
      if (isOver) return;
      if (isFailure(responseStatus)) {
        isOver = true;
        call.emit('error', { code: responseStatus.code, details: responseStatus.message, metadata: trailing });
        return;
      }
      for (const { size } of responseParameters) call.write({ payload: { body: patternOf(size, index++) } });
    });
    call.on('end', () => {
      if (!isOver) call.end(trailing);
    });
  };

  readonly #check: handleUnaryCall<HealthRequest, HealthResponse> = (call, callback) => {
    this.#began(call);
    const { service } = call.request;
    if (this.healthOf.has(service)) callback(null, { status: this.#health });
    else callback({ code: 5, details: `unknown service ${service}` });
  };

  readonly #watch: handleServerStreamingCall<HealthRequest, HealthResponse> = (call) => {
    this.#began(call);
    this.#watchers.add(call);
    call.on('cancelled', () => this.#watchers.delete(call));
    call.write({ status: this.#health });
  };

  /** Writes no more than the stream takes. */
  async #stream(call: ServerWritableStream<OutputRequest, OutputResponse>, trailing: Metadata): Promise<void> {
    const gone = once(call, 'cancelled');
    let index = 0;
    for (const { size } of call.request.responseParameters ?? []) {
      if (!call.write({ payload: { body: patternOf(size, index++) } })) await Promise.race([once(call, 'drain'), gone]);
      if (call.cancelled) return;
      this.sent++;
    }
    call.end(trailing);
  }

  #began(call: Seen): void {
    this.calls++;
    this.#peers.add(call.getPeer());
    this.metadata = call.metadata;
    this.deadline = call.getDeadline();
    call.on('cancelled', () => {
      this.cancelled++;
    });
  }
}

/** What all kinds of calls have. */
interface Seen {
  readonly metadata: Metadata;
  getDeadline(): number | Date;
  getPeer(): string;
  on(event: 'cancelled', listener: () => void): unknown;
}

/** Sends back the two values that the interop tests ask for: one before the first message, one as trailer. */
function echoed(call: { readonly metadata: Metadata; sendMetadata(metadata: Metadata): void }): Metadata {
  const initial = new Metadata();
  const trailing = new Metadata();
  for (const value of call.metadata.get(echoInitialKey)) initial.add(echoInitialKey, value);
  for (const value of call.metadata.get(echoTrailingKey)) trailing.add(echoTrailingKey, value);
  call.sendMetadata(initial);
  return trailing;
}

function isFailure(status: EchoStatus | null | undefined): status is EchoStatus {
  return status !== null && status !== undefined && status.code !== 0;
}
