import { type SecureContext, TLSSocket } from 'node:tls';
import { handshakeResults, tlsVersions, type WorkerCounters } from '../../observability/counters/worker-counters.ts';
import { Deadline, type TimerWheel } from '../../timer-wheel.ts';
import type { AcceptedConnection } from '../accepted-connection.ts';
import { alpnProtocols } from './tls-settings.ts';

/** A fatal alert record: unrecognized_name (RFC 6066 section 3). */
const unrecognizedName = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70]);

type HandshakeResult = (typeof handshakeResults)[number];

/** What a handshake needs from outside, and whom it tells. */
export interface HandshakeOptions {
  readonly counters: WorkerCounters;
  readonly wheel: TimerWheel;
  readonly timeoutMs: number;
  /** The handshake is complete; the socket is paused and its listeners are the receiver's. */
  readonly onSecure: (socket: TLSSocket) => void;
}

/**
 * The TLS handshake of one connection. The context was chosen by the sniffed name before the TLS socket exists, so nothing asynchronous
 * and no callback into us is left in it.
 */
export class TlsHandshake extends Deadline {
  readonly #connection: AcceptedConnection;
  readonly #options: HandshakeOptions;
  readonly #socket: TLSSocket;
  #settled = false;

  constructor(connection: AcceptedConnection, context: SecureContext, options: HandshakeOptions) {
    super();
    this.#connection = connection;
    this.#options = options;
    // The timer is first: a FIN that came before gives the TLS socket no event.
    options.wheel.arm(this, options.timeoutMs);
    this.#socket = new TLSSocket(connection.socket, {
      isServer: true,
      secureContext: context,
      ALPNProtocols: [...alpnProtocols],
      requestCert: false,
    });
    connection.setOutermost(this.#socket);
    this.#socket.on('secure', this.#onSecure);
    // Node announces a failed handshake with this event only, before it destroys the socket; `close` comes after the raw socket's.
    this.#socket.on('_tlsError', this.#onFailed);
    this.#socket.on('end', this.#onFailed);
    this.#socket.on('close', this.#onFailed);
    this.#socket.on('error', ignoreError);
  }

  override onTimeout(): void {
    if (this.#settled) return;
    this.#count('timeout');
    this.#connection.end('proxy', 'handshake_timeout');
  }

  /** The connection is ending, or the handshake is over. */
  cleanUp(): void {
    this.#options.wheel.disarm(this);
    this.#socket.off('secure', this.#onSecure);
    this.#socket.off('_tlsError', this.#onFailed);
    this.#socket.off('end', this.#onFailed);
    this.#socket.off('close', this.#onFailed);
    if (!this.#settled) this.#count('failed');
  }

  readonly #onSecure = (): void => {
    this.#count(this.#socket.isSessionReused() ? 'resumed' : 'ok');
    this.#options.counters.tlsTerminated++;
    this.cleanUp();
    this.#options.onSecure(this.#socket);
  };

  readonly #onFailed = (): void => {
    this.#count('failed');
    this.#connection.end('client', 'handshake_failed');
  };

  #count(result: HandshakeResult): void {
    if (this.#settled) return;
    this.#settled = true;
    countHandshake(this.#options.counters, this.#socket.getProtocol(), result);
  }
}

/** Refuses a name that has no certificate, in a way that tells the client why. */
export function refuseHandshake(connection: AcceptedConnection, counters: WorkerCounters): void {
  countHandshake(counters, null, 'failed');
  connection.socket.write(unrecognizedName);
  connection.end('proxy', 'handshake_failed');
}

function countHandshake(counters: WorkerCounters, version: string | null, result: HandshakeResult): void {
  const known = (tlsVersions as readonly string[]).indexOf(version ?? 'unknown');
  const row = known === -1 ? tlsVersions.length - 1 : known;
  (counters.tlsHandshakes[row * handshakeResults.length + handshakeResults.indexOf(result)] as number)++;
}

function ignoreError(): void {}
