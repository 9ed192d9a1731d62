import type { Socket } from 'node:net';
import type { ConnectionRecord } from './connection-record.ts';
import type { TimeoutManager } from './timeout-manager.ts';

/**
 * Carries the bytes of a backend to a client whose TLS ends here. A TLS socket encrypts what is written to it, so each chunk is read into
 * memory of its own, and the backend is held back while the client's socket holds too much: `UpstreamReader` is for those that pass
 * bytes on as they are.
 */
export class ClearReader {
  readonly #record: ConnectionRecord;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #timeouts: TimeoutManager;

  /** Begins to read. @param upstream connected, and not read by anybody */
  constructor(record: ConnectionRecord, client: Socket, upstream: Socket, timeouts: TimeoutManager) {
    this.#record = record;
    this.#client = client;
    this.#upstream = upstream;
    this.#timeouts = timeouts;
    upstream.on('data', this.#onData);
    client.on('drain', this.#onDrain);
  }

  /** From now on what arrives is dropped; what waits in the client's socket is still written. */
  stop(): void {
    this.#upstream.removeListener('data', this.#onData);
    this.#client.removeListener('drain', this.#onDrain);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.#client.writable) return;
    this.#record.lastActivityMs = this.#timeouts.nowMs;
    if (!this.#client.write(chunk)) this.#upstream.pause();
  };

  readonly #onDrain = (): void => {
    this.#record.lastActivityMs = this.#timeouts.nowMs;
    this.#upstream.resume();
  };
}
