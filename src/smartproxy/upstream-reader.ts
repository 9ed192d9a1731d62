import type { OnReadOpts } from 'node:net';
import type { ReadBuffers } from '../read-buffers.ts';
import type { ConnectionRecord } from './connection-record.ts';
import type { TimeoutManager } from './timeout-manager.ts';

/**
 * Carries the bytes of a record's `outgoing` to its `incoming`, through buffers that are used again and again.
 *
 * Nobody may read into memory whose bytes still wait in the client's socket. So bytes in the shared buffer are copied before they are
 * written; and when the kernel does not take those in a leased buffer at once, the buffer belongs to that write until it is done, reading
 * stops meanwhile, and the next read goes to the shared buffer, whoever starts it.
 */
export class UpstreamReader {
  /** For `connect`. */
  readonly onread: OnReadOpts;
  readonly #record: ConnectionRecord;
  readonly #buffers: ReadBuffers;
  readonly #timeouts: TimeoutManager;
  /** Where the next read goes: the shared buffer or one that is leased. */
  #target: Buffer;
  /** A leased buffer whose bytes wait in the client's socket. */
  #pending: Buffer | undefined = undefined;
  /** The client's socket has bytes to pass on, and reading is stopped until it has none. */
  #waiting = false;
  #stopped = false;

  constructor(record: ConnectionRecord, buffers: ReadBuffers, timeouts: TimeoutManager) {
    this.#record = record;
    this.#buffers = buffers;
    this.#timeouts = timeouts;
    this.#target = buffers.shared;
    this.onread = { buffer: () => this.#target, callback: (size) => this.#onRead(size) };
  }

  /** From now on what arrives is dropped; what waits in the client's socket is still written. */
  stop(): void {
    this.#stopped = true;
    if (!this.#isLeased) return;
    this.#buffers.forget();
    this.#target = this.#buffers.shared;
  }

  get #isLeased(): boolean {
    return this.#target !== this.#buffers.shared;
  }

  /** Node asks for the next target right after this, so a buffer that is given back here is read into no more. */
  #onRead(size: number): boolean {
    const client = this.#record.incoming;
    if (this.#stopped || !client.writable) return true;
    this.#record.lastActivityMs = this.#timeouts.nowMs;
    const bytes = this.#target.subarray(0, size);
    client.write(this.#isLeased ? bytes : Buffer.from(bytes), this.#onWritten);
    this.#waiting = client.writableLength > 0;
    this.#chooseTarget(size);
    return !this.#waiting;
  }

  #chooseTarget(size: number): void {
    const { shared } = this.#buffers;
    if (this.#waiting) {
      if (this.#isLeased) this.#pending = this.#target;
      this.#target = shared;
    } else if (size < shared.length) {
      if (this.#isLeased) this.#buffers.release(this.#target);
      this.#target = shared;
    } else if (!this.#isLeased) {
      this.#target = this.#buffers.lease() ?? shared;
    }
  }

  /** Called once for every write: a tick later when the kernel took it at once, and also when it failed or the socket was destroyed. */
  readonly #onWritten = (): void => {
    if (!this.#waiting || this.#record.incoming.writableLength > 0) return;
    this.#waiting = false;
    if (this.#pending !== undefined) this.#buffers.release(this.#pending);
    this.#pending = undefined;
    if (this.#stopped) return;
    this.#record.lastActivityMs = this.#timeouts.nowMs;
    this.#record.outgoing?.resume();
  };
}
