import { TLSSocket } from 'node:tls';
import type { HandshakeResult } from '../../observability/counters/handshake-result.ts';
import type { TerminationReason } from '../../observability/counters/termination-reason.ts';
import type { WorkerCounters } from '../../observability/counters/worker-counters.ts';
import type { Certificate } from '../../routes/route-table.ts';
import type { AcceptedConnection } from '../accepted-connection.ts';
import type { SelectedContext } from './certificate-contexts.ts';
import type { GatedHandshake, HandshakeGate } from './handshake-gate.ts';

/** A fatal alert record: unrecognized_name (RFC 6066 section 3). */
const unrecognizedName = alert(112);
/** For a hello without a name where one is needed: missing_extension (RFC 8446 section 9.2). */
const missingExtension = alert(109);

/** OpenSSL's names for alerts that the other side sent; what it finds wrong itself is named otherwise. */
const clientAlert = /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13)_/;

/** What a handshake needs from outside, and whom it tells. */
export interface HandshakeOptions {
  readonly counters: WorkerCounters;
  readonly gate: HandshakeGate;
  /** Offer HTTP/2. */
  readonly http2: boolean;
  /** What to show for a server name, asked when the handshake begins; undefined: nothing fits, and it is refused. */
  readonly select: (serverName: string | undefined) => SelectedContext | undefined;
  /** The handshake is complete; the socket is paused and its listeners are the receiver's. */
  readonly onSecure: (socket: TLSSocket, certificates: readonly Certificate[]) => void;
}

/**
 * The TLS handshake of one connection, from its wait at the gate on. The context is chosen by the sniffed name before the TLS socket
 * exists, so nothing asynchronous and no callback into us is left in it. Its time limit is SmartProxy's, which began with the first byte
 * of the hello.
 */
export class TlsHandshake implements GatedHandshake {
  beganAtMs = 0;
  readonly #connection: AcceptedConnection;
  readonly #options: HandshakeOptions;
  #certificates: readonly Certificate[] = [];
  /** undefined: it has not begun. */
  #socket: TLSSocket | undefined;
  #settled = false;

  constructor(connection: AcceptedConnection, options: HandshakeOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  begin(): void {
    const { socket, tls } = this.#connection;
    // It may have ended while it waited, and a TLS socket around it would never hear of that.
    if (socket.destroyed || !socket.readable || !socket.writable) {
      this.#onLeft();
      return;
    }
    const selected = this.#options.select(tls?.serverName);
    if (selected === undefined) this.#refuse();
    else this.#start(selected);
  }

  overLimit(): void {
    this.#connection.end('proxy', 'handshake_limit');
  }

  /** The connection is ending, for `reason`; or the handshake is over. */
  cleanUp(reason?: TerminationReason): void {
    this.#options.gate.leave(this);
    this.#connection.socket.off('end', this.#onLeft);
    this.#socket?.off('secure', this.#onSecure);
    this.#socket?.off('_tlsError', this.#onError);
    this.#socket?.off('end', this.#onLeft);
    this.#socket?.off('close', this.#onLeft);
    this.#count(resultOf(reason));
  }

  #start({ context, certificates }: SelectedContext): void {
    const raw = this.#connection.socket;
    const socket = new TLSSocket(raw, {
      isServer: true,
      secureContext: context,
      ALPNProtocols: this.#options.http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
      requestCert: false,
    });
    this.#socket = socket;
    this.#certificates = certificates;
    this.#connection.setOutermost(socket);
    socket.on('secure', this.#onSecure);
    // Node announces a failed handshake with this event only, before it destroys the socket; `close` comes after the raw socket's.
    socket.on('_tlsError', this.#onError);
    socket.on('end', this.#onLeft);
    socket.on('close', this.#onLeft);
    socket.on('error', ignoreError);
    // A FIN that came while the hello waited unread is known to the raw socket alone.
    raw.on('end', this.#onLeft);
  }

  /** Tells the client why: a name that has no certificate, or a hello without a name when there is no default one. */
  #refuse(): void {
    const isNamed = this.#connection.tls?.serverName !== undefined;
    this.#connection.socket.write(isNamed ? unrecognizedName : missingExtension);
    this.#count('refused');
    this.#connection.end('proxy', isNamed ? 'handshake_failed' : 'no_sni');
  }

  readonly #onSecure = (): void => {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#count(socket.isSessionReused() ? 'resumed' : 'ok');
    this.#options.counters.tlsTerminated++;
    this.cleanUp();
    this.#options.onSecure(socket, this.#certificates);
  };

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    const code = error?.code ?? '';
    if (!code.startsWith('ERR_SSL_')) {
      this.#onLeft();
      return;
    }
    const isClients = clientAlert.test(code);
    this.#count(isClients ? 'client_alert' : 'refused');
    this.#connection.end(isClients ? 'client' : 'proxy', 'handshake_failed');
  };

  readonly #onLeft = (): void => {
    this.#count('client_left');
    // Nobody is there to end a handshake in order with; waiting for that would hold the sockets for the whole grace.
    this.#socket?.destroy();
    this.#connection.socket.destroy();
    this.#connection.end('client', 'handshake_failed');
  };

  #count(result: HandshakeResult): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#options.counters.countHandshake(this.#socket?.getProtocol() ?? null, result);
  }
}

/** What a connection's end from outside means for its handshake. */
function resultOf(reason: TerminationReason | undefined): HandshakeResult {
  switch (reason) {
    case 'handshake_timeout':
      return 'timeout';
    case 'handshake_limit':
      return 'limit';
    case 'normal':
    case 'error':
    case 'econnreset':
    case 'etimedout':
    case 'epipe':
    case 'handshake_failed':
      return 'client_left';
    default:
      return 'ended';
  }
}

/** A fatal alert as a record of its own. */
function alert(description: number): Buffer {
  return Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, description]);
}

function ignoreError(): void {}
