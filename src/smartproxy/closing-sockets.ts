import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Deadline, type TimerWheel } from '../timer-wheel.ts';

/** How long a socket that was ended in order may take to flush and to see the peer's end. */
export const closeGraceMs = 5000;

/** The sockets whose connection is over and which still flush: ended, then destroyed when the grace is over. Their one owner. */
export class ClosingSockets {
  readonly #wheel: TimerWheel;
  readonly #closing = new Set<ClosingSocket>();
  readonly #waiting: (() => void)[] = [];

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel;
  }

  get size(): number {
    return this.#closing.size;
  }

  /**
   * Ends `stream` in order: what was written is flushed, then FIN; what still arrives is read and dropped, since unread bytes would make
   * the kernel answer with a reset that overtakes our last bytes.
   * @param raw the socket underneath, when `stream` is a TLS socket around it; destroyed only as force
   */
  endGracefully(stream: Duplex, raw: Socket): void {
    if (raw.destroyed && stream.destroyed) return;
    const closing = new ClosingSocket(this, stream, raw);
    this.#closing.add(closing);
    this.#wheel.arm(closing, closeGraceMs);
    closing.begin();
  }

  /** Destroys everything at once. */
  destroyAll(): void {
    for (const closing of this.#closing) closing.onTimeout();
  }

  /** Resolves when no socket is left; at the latest when the grace of the last one is over. */
  whenEmpty(): Promise<void> {
    if (this.#closing.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** @internal */
  remove(closing: ClosingSocket): void {
    this.#wheel.disarm(closing);
    this.#closing.delete(closing);
    if (this.#closing.size === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

class ClosingSocket extends Deadline {
  readonly #owner: ClosingSockets;
  readonly #stream: Duplex;
  readonly #raw: Socket;

  constructor(owner: ClosingSockets, stream: Duplex, raw: Socket) {
    super();
    this.#owner = owner;
    this.#stream = stream;
    this.#raw = raw;
  }

  begin(): void {
    this.#raw.once('close', this.#onClose);
    this.#stream.end();
    this.#stream.resume();
  }

  override onTimeout(): void {
    destroyBoth(this.#stream, this.#raw);
    if (this.#raw.closed) this.#onClose();
  }

  readonly #onClose = (): void => {
    this.#raw.removeListener('close', this.#onClose);
    if (!this.#stream.destroyed) this.#stream.destroy();
    this.#owner.remove(this);
  };
}

/** The outer stream first: its own clean-up wants the raw socket to be there. */
export function destroyBoth(stream: Duplex, raw: Socket): void {
  if (!stream.destroyed) stream.destroy();
  if (!raw.destroyed) raw.destroy();
}
