import type { Socket } from 'node:net';
import type { SniffedTls } from '../networkproxy/accepted-connection.ts';
import type { TerminationReason } from '../observability/counters/termination-reason.ts';
import { type ClientHelloResult, maxHelloBytes, parseClientHello } from './client-hello.ts';
import type { ConnectionRecord } from './connection-record.ts';
import { type ProxyHeaderResult, parseProxyHeader } from './proxy-protocol.ts';
import type { TimeoutManager } from './timeout-manager.ts';

/** A PROXY header that is complete, not yet believed. */
export type ParsedProxyHeader = Exclude<ProxyHeaderResult, { readonly kind: 'need-more' | 'invalid' }>;

/** What to look for at the start of a connection, and who to tell. All limits in milliseconds. */
export interface SniffPlan {
  readonly firstByteTimeoutMs: number;
  /** From the first byte until the hello is complete; the same limit then covers the handshake. */
  readonly handshakeTimeoutMs: number;
  /**
   * Set when a PROXY header must come first, otherwise a ClientHello does: judges the header.
   * @param bytes the header's own bytes
   * @returns undefined when the connection has been ended, else whether a ClientHello follows
   */
  readonly onProxyHeader: ((record: ConnectionRecord, header: ParsedProxyHeader, bytes: Buffer) => boolean | undefined) | undefined;
  /** Everything is known: the socket is paused, and `initialChunk` is what was read of the client's data. */
  readonly onSniffed: (record: ConnectionRecord, tls: SniffedTls | undefined, initialChunk: Buffer) => void;
}

const nothing = Buffer.alloc(0);

/**
 * Reads the start of a connection: a PROXY header, then a ClientHello, in any split. Bounded in bytes and in time; its buffer lives and
 * dies with the connection (lesson 55). Bytes are copied once, and parsed again only when enough of them are there.
 */
export class Sniffer {
  readonly #record: ConnectionRecord;
  readonly #socket: Socket;
  readonly #plan: SniffPlan;
  readonly #timeouts: TimeoutManager;
  #buffer: Buffer = nothing;
  #length = 0;
  #wanted = 1;
  #awaitsHeader: boolean;
  #expectsHello = true;

  constructor(record: ConnectionRecord, plan: SniffPlan, timeouts: TimeoutManager) {
    this.#record = record;
    this.#socket = record.incoming;
    this.#plan = plan;
    this.#timeouts = timeouts;
    this.#awaitsHeader = plan.onProxyHeader !== undefined;
  }

  start(): void {
    const record = this.#record;
    record.state = 'sniffing';
    record.onCleanup = this.#stop;
    this.#timeouts.start(record, 'initial_timeout', this.#plan.firstByteTimeoutMs);
    this.#socket.on('data', this.#onData);
    this.#socket.on('end', this.#onEnd);
    this.#socket.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#length === 0) this.#timeouts.start(this.#record, 'handshake_timeout', this.#plan.handshakeTimeoutMs);
    this.#append(chunk);
    if (this.#length >= this.#wanted) this.#examine();
  };

  /** The client has finished before it said what it wants. */
  readonly #onEnd = (): void => this.#record.end('client', 'normal');

  readonly #stop = (): void => {
    this.#socket.removeListener('data', this.#onData);
    this.#socket.removeListener('end', this.#onEnd);
    this.#buffer = nothing;
  };

  #examine(): void {
    if (this.#awaitsHeader && !this.#readProxyHeader()) return;
    if (!this.#expectsHello) {
      this.#finish(undefined);
      return;
    }
    const result = parseClientHello(this.#bytes());
    if (result.kind === 'need-more') this.#wanted = result.bytes;
    else if (result.kind === 'hello') this.#finish(result);
    else this.#refuse(result);
  }

  /** @returns false: more is needed, or the connection has been ended */
  #readProxyHeader(): boolean {
    const bytes = this.#bytes();
    const header = parseProxyHeader(bytes);
    if (header.kind === 'need-more') this.#wanted = header.bytes;
    else if (header.kind === 'invalid') this.#record.end('client', 'proxy_header_invalid');
    else return this.#acceptProxyHeader(header, bytes.subarray(0, header.bytes));
    return false;
  }

  #acceptProxyHeader(header: ParsedProxyHeader, bytes: Buffer): boolean {
    const expectsHello = this.#plan.onProxyHeader?.(this.#record, header, bytes);
    if (expectsHello === undefined) return false;
    this.#awaitsHeader = false;
    this.#record.headerBytes = header.bytes;
    this.#expectsHello = expectsHello;
    this.#buffer = this.#buffer.subarray(header.bytes);
    this.#length -= header.bytes;
    return true;
  }

  #finish(tls: SniffedTls | undefined): void {
    const initialChunk = this.#bytes();
    this.#socket.pause();
    this.#stop();
    this.#record.onCleanup = undefined;
    if (tls === undefined) this.#timeouts.endPhase(this.#record);
    this.#record.tls = tls === undefined ? undefined : { serverName: tls.serverName, alpn: tls.alpn, offersTls13: tls.offersTls13 };
    this.#record.state = 'routing';
    this.#plan.onSniffed(this.#record, this.#record.tls, initialChunk);
  }

  #refuse(result: Exclude<ClientHelloResult, { readonly kind: 'need-more' | 'hello' }>): void {
    this.#record.end('client', reasonOfRefusal(result));
  }

  #bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** The first chunk is kept as it is: most hellos come in one. Later ones are copied into a buffer that doubles. */
  #append(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (this.#length === 0) this.#buffer = chunk;
    else if (length <= this.#buffer.length) chunk.copy(this.#buffer, this.#length);
    else this.#grow(chunk, length);
    this.#length = length;
  }

  #grow(chunk: Buffer, length: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(length, Math.min(2 * length, maxHelloBytes)));
    this.#buffer.copy(larger, 0, 0, this.#length);
    chunk.copy(larger, this.#length);
    this.#buffer = larger;
  }
}

function reasonOfRefusal(result: Exclude<ClientHelloResult, { readonly kind: 'need-more' | 'hello' }>): TerminationReason {
  return result.kind === 'invalid' && result.reason === 'too-large' ? 'limit_exceeded' : 'protocol_error';
}
