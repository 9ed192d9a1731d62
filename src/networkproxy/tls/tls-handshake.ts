import { type SecureContext, TLSSocket } from 'node:tls';
import type { TerminationReason } from '../../observability/counters/termination-reason.ts';
import { handshakeResults, tlsVersions, type WorkerCounters } from '../../observability/counters/worker-counters.ts';
import type { AcceptedConnection } from '../accepted-connection.ts';

/** A fatal alert record: unrecognized_name (RFC 6066 section 3). */
const unrecognizedName = alert(112);
/** For a hello without a name where one is needed: missing_extension (RFC 8446 section 9.2). */
const missingExtension = alert(109);

type HandshakeResult = (typeof handshakeResults)[number];

/** What a handshake needs from outside, and whom it tells. */
export interface HandshakeOptions {
  readonly counters: WorkerCounters;
  /** Offer HTTP/2. */
  readonly http2: boolean;
  /** The handshake is complete; the socket is paused and its listeners are the receiver's. */
  readonly onSecure: (socket: TLSSocket) => void;
}

/**
 * The TLS handshake of one connection. The context was chosen by the sniffed name before the TLS socket exists, so nothing asynchronous
 * and no callback into us is left in it. Its time limit is SmartProxy's, which began with the first byte of the hello.
 */
export class TlsHandshake {
  readonly #connection: AcceptedConnection;
  readonly #options: HandshakeOptions;
  readonly #socket: TLSSocket;
  #settled = false;

  constructor(connection: AcceptedConnection, context: SecureContext, options: HandshakeOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#socket = new TLSSocket(connection.socket, {
      isServer: true,
      secureContext: context,
      ALPNProtocols: options.http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
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

  /** The connection is ending, for `reason`; or the handshake is over. */
  cleanUp(reason?: TerminationReason): void {
    this.#socket.off('secure', this.#onSecure);
    this.#socket.off('_tlsError', this.#onFailed);
    this.#socket.off('end', this.#onFailed);
    this.#socket.off('close', this.#onFailed);
    this.#count(reason === 'handshake_timeout' ? 'timeout' : 'failed');
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

/** Refuses a name that has no certificate, or a hello without a name when there is no default one, and tells the client why. */
export function refuseHandshake(connection: AcceptedConnection, counters: WorkerCounters): void {
  const isNamed = connection.tls?.serverName !== undefined;
  countHandshake(counters, null, 'failed');
  connection.socket.write(isNamed ? unrecognizedName : missingExtension);
  connection.end('proxy', isNamed ? 'handshake_failed' : 'no_sni');
}

/** A fatal alert as a record of its own. */
function alert(description: number): Buffer {
  return Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, description]);
}

function countHandshake(counters: WorkerCounters, version: string | null, result: HandshakeResult): void {
  const known = (tlsVersions as readonly string[]).indexOf(version ?? 'unknown');
  const row = known === -1 ? tlsVersions.length - 1 : known;
  (counters.tlsHandshakes[row * handshakeResults.length + handshakeResults.indexOf(result)] as number)++;
}

function ignoreError(): void {}
