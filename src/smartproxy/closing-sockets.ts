import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Deadline, type TimerWheel } from '../timer-wheel.ts';

/** How long a socket that was ended in order waits for the peer's end once all is flushed, and the worker for all such sockets when it ends. */
export const closeGraceMs = 5000;
/** Graces in a row in which the peer may take nothing of what it has not got yet: a minute, as for a client that is being answered. */
const maxStalls = 12;

/**
 * The sockets whose connection is over and which still flush: ended, then destroyed when the grace is over, or when a slow peer has stopped
 * to take what was written for it. Their one owner.
 */
export class ClosingSockets {
  readonly #wheel: TimerWheel;
  readonly #closing = new Set<ClosingSocket>();
  readonly #waiting: (() => void)[] = [];
  #isLast = false;

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
    this.wait(closing);
    closing.begin();
  }

  /** No socket has more than its grace any longer. */
  get isLast(): boolean {
    return this.#isLast;
  }

  /** @internal one grace more */
  wait(closing: ClosingSocket): void {
    this.#wheel.arm(closing, closeGraceMs);
  }

  /** Destroys everything at once. */
  destroyAll(): void {
    this.#isLast = true;
    for (const closing of this.#closing) closing.onTimeout();
  }

  /** Resolves when no socket is left. The worker is ending: at the latest when one grace is over, whoever is slow. */
  whenEmpty(): Promise<void> {
    this.#isLast = true;
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
  /** Bytes that the peer had not taken when last looked at; undefined: not looked at yet. 0: it has taken all. */
  #left: number | undefined;
  #stalls = 0;

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
    if (!this.#owner.isLast && this.#mayGoOn()) {
      this.#owner.wait(this);
      return;
    }
    destroyBoth(this.#stream, this.#raw);
    if (this.#raw.closed) this.#onClose();
  }

  /** Bytes still wait and the peer takes some now and then; or the last have gone since the last look, and a grace for its end begins. */
  #mayGoOn(): boolean {
    const before = this.#left;
    const left = this.#stream.writableFinished || this.#raw.destroyed ? 0 : this.#stream.writableLength + this.#raw.writableLength;
    this.#left = left;
    if (left === 0) return before !== undefined && before > 0;
    this.#stalls = left === before ? this.#stalls + 1 : 0;
    return this.#stalls < maxStalls;
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
