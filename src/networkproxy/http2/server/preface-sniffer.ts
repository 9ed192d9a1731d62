import { Deadline, type TimerWheel } from '../../../timer-wheel.ts';
import type { AcceptedConnection } from '../../accepted-connection.ts';
import { clientPreface } from '../frames.ts';

/**
 * Tells the HTTP/2 clients of a plain listener, which begin with the preface (RFC 9113 section 3.3), from HTTP/1 clients, whose first byte
 * nearly always differs. Nothing is consumed.
 */
export class PrefaceSniffer extends Deadline {
  readonly #wheel: TimerWheel;
  readonly #connection: AcceptedConnection;
  readonly #onDecided: (isHttp2: boolean) => void;
  #bytes: Buffer | undefined;

  /** @param onDecided called once with the socket paused, unless the connection ends before */
  constructor(wheel: TimerWheel, connection: AcceptedConnection, timeoutMs: number, onDecided: (isHttp2: boolean) => void) {
    super();
    this.#wheel = wheel;
    this.#connection = connection;
    this.#onDecided = onDecided;
    if (timeoutMs > 0) wheel.arm(this, timeoutMs);
    const { socket } = connection;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.resume();
  }

  /** The connection is ending, or the decision is made. */
  cleanUp(): void {
    this.#wheel.disarm(this);
    this.#connection.socket.off('data', this.#onData);
    this.#connection.socket.off('end', this.#onEnd);
  }

  override onTimeout(): void {
    this.#connection.end('proxy', 'header_timeout');
  }

  readonly #onData = (chunk: Buffer): void => {
    const bytes = this.#bytes === undefined ? chunk : Buffer.concat([this.#bytes, chunk]);
    const length = Math.min(bytes.length, clientPreface.length);
    const mayBeHttp2 = bytes.compare(clientPreface, 0, length, 0, length) === 0;
    this.#bytes = bytes;
    if (mayBeHttp2 && length < clientPreface.length) return;
    const { socket } = this.#connection;
    socket.pause();
    this.cleanUp();
    socket.unshift(bytes);
    this.#onDecided(mayBeHttp2 || !looksLikeHttp1(bytes));
  };

  readonly #onEnd = (): void => this.#connection.end('client', 'normal');
}

/** The first line, as far as it is here, may be a request line; anything else is a broken preface, and is told so in frames. */
function looksLikeHttp1(bytes: Buffer): boolean {
  const end = bytes.indexOf('\r\n', 0, 'latin1');
  return end === -1 || bytes.subarray(0, end).includes(' HTTP/', 0, 'latin1');
}
