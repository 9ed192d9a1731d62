import {
  type CallOptions,
  Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  credentials,
  Metadata,
  type MethodDefinition,
  type requestCallback,
  type StatusObject,
} from '@grpc/grpc-js';

/** All that a client learns of one call. */
export interface Outcome<T> {
  readonly code: number;
  readonly details: string;
  readonly messages: readonly T[];
  /** Metadata that came before the first message; empty for an answer of trailers only. */
  readonly initial: Metadata;
  readonly trailing: Metadata;
}

/** What a call is made with. */
export interface CallSettings extends CallOptions {
  readonly metadata?: Metadata;
}

/** A call under way: `call` is grpc-js's own, `outcome` never rejects. */
export interface Call<C, T> {
  readonly call: C;
  readonly outcome: Promise<Outcome<T>>;
}

/** Where a client connects: `ca` (PEM) makes it TLS. */
export interface GrpcTarget {
  /** A grpc-js target, like `127.0.0.1:1234`. */
  readonly address: string;
  readonly authority: string;
  readonly ca?: string;
}

/** A channel of grpc-js. It never repeats a call by itself unless told to, so that what the proxy fails is seen. */
export class GrpcClient implements Disposable {
  readonly client: Client;

  constructor(target: GrpcTarget, options: ClientOptions = {}) {
    const secure = target.ca === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(target.ca));
    const name = target.ca === undefined ? 'grpc.default_authority' : 'grpc.ssl_target_name_override';
    this.client = new Client(target.address, secure, {
      [name]: target.authority,
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 500,
      ...options,
    });
  }

  unary<Q, A>(method: MethodDefinition<Q, A>, request: Q, settings: CallSettings = {}): Call<ClientUnaryCall, A> {
    const { metadata = new Metadata(), ...options } = settings;
    const one = new OneAnswer<A>();
    const { path, requestSerialize, responseDeserialize } = method;
    const call = this.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, options, one.callback);
    return { call, outcome: one.outcomeOf(call) };
  }

  clientStream<Q, A>(method: MethodDefinition<Q, A>, settings: CallSettings = {}): Call<ClientWritableStream<Q>, A> {
    const { metadata = new Metadata(), ...options } = settings;
    const one = new OneAnswer<A>();
    const { path, requestSerialize, responseDeserialize } = method;
    const call = this.client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, metadata, options, one.callback);
    return { call, outcome: one.outcomeOf(call) };
  }

  serverStream<Q, A>(method: MethodDefinition<Q, A>, request: Q, settings: CallSettings = {}): Call<ClientReadableStream<A>, A> {
    const { metadata = new Metadata(), ...options } = settings;
    const { path, requestSerialize, responseDeserialize } = method;
    const call = this.client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata, options);
    return { call, outcome: outcomeOfStream(call) };
  }

  bidi<Q, A>(method: MethodDefinition<Q, A>, settings: CallSettings = {}): Call<ClientDuplexStream<Q, A>, A> {
    const { metadata = new Metadata(), ...options } = settings;
    const { path, requestSerialize, responseDeserialize } = method;
    const call = this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata, options);
    return { call, outcome: outcomeOfStream(call) };
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}

/** Resolves with the next message of a stream, or with its end, so that a call that failed is seen in its outcome. */
export function answered(call: ClientReadableStream<unknown> | ClientDuplexStream<never, unknown>): Promise<void> {
  return new Promise((resolve) => {
    call.once('data', () => resolve());
    call.once('end', () => resolve());
  });
}

/** The callback of a call with one answer, and what comes of it. */
class OneAnswer<T> {
  readonly #messages: T[] = [];
  readonly #answered = Promise.withResolvers<void>();

  readonly callback: requestCallback<T> = (_error, value) => {
    if (value !== undefined) this.#messages.push(value);
    this.#answered.resolve();
  };

  async outcomeOf(call: ClientUnaryCall): Promise<Outcome<T>> {
    let initial = new Metadata();
    call.once('metadata', (metadata: Metadata) => {
      initial = metadata;
    });
    const status = await new Promise<StatusObject>((resolve) => call.once('status', resolve));
    await this.#answered.promise;
    return { code: status.code, details: status.details, messages: this.#messages, initial, trailing: status.metadata };
  }
}

/** The messages are kept as they come, unless the caller pauses the stream. */
async function outcomeOfStream<T>(call: ClientReadableStream<T> | ClientDuplexStream<never, T>): Promise<Outcome<T>> {
  let initial = new Metadata();
  const messages: T[] = [];
  call.once('metadata', (metadata: Metadata) => {
    initial = metadata;
  });
  call.on('data', (message: T) => messages.push(message));
  // What it says is in the status too.
  call.on('error', () => {});
  const ended = new Promise<void>((resolve) => call.once('end', () => resolve()));
  const status = await new Promise<StatusObject>((resolve) => call.once('status', resolve));
  await ended;
  return { code: status.code, details: status.details, messages, initial, trailing: status.metadata };
}
