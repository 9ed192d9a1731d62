import { TLSSocket } from 'node:tls';
import type { HandshakeResult } from '../../observability/counters/handshake-result.ts';
import type { TerminationReason } from '../../observability/counters/termination-reason.ts';
import type { WorkerCounters } from '../../observability/counters/worker-counters.ts';
import type { Certificate, TlsPolicy } from '../../routes/route-table.ts';
import type { AcceptedConnection } from '../accepted-connection.ts';
import type { SelectedContext } from './certificate-contexts.ts';
import { type ClientCertificate, clientCertificateOf } from './client-certificate.ts';
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
  readonly onSecure: (socket: TLSSocket, made: SecuredBy) => void;
}

/** How a TLS connection came to be: what its requests are held to. */
export interface SecuredBy {
  /** What the client may have been shown. */
  readonly certificates: readonly Certificate[];
  /** Key of the host's policy; '': as everywhere. */
  readonly policy: string;
  /** undefined: none was shown, or asked for. */
  readonly clientCertificate: ClientCertificate | undefined;
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
  #selected: SelectedContext | undefined;
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

  #start(selected: SelectedContext): void {
    const { context, policy } = selected;
    const raw = this.#connection.socket;
    const alpn = this.#protocolsOf(selected);
    const socket = new TLSSocket(raw, {
      isServer: true,
      secureContext: context,
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
      requestCert: policy?.clientAuth !== undefined,
      // OpenSSL refuses a client without a certificate; one with a wrong one is for us to refuse.
      rejectUnauthorized: policy?.clientAuth?.isRequired === true,
    });
    this.#socket = socket;
    this.#selected = selected;
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

  #protocolsOf({ policy, onlyProtocol }: SelectedContext): readonly string[] {
    if (onlyProtocol !== undefined) return [onlyProtocol];
    return this.#connection.inside === undefined ? httpAlpn(policy, this.#options.http2) : (policy?.alpn ?? []);
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
    const selected = this.#selected;
    if (socket === undefined || selected === undefined) return;
    const { certificates, policy } = selected;
    const clientCertificate = policy?.clientAuth === undefined ? undefined : clientCertificateOf(socket);
    if (clientCertificate === false || (clientCertificate === undefined && policy?.clientAuth?.isRequired === true)) {
      this.#count('refused');
      this.#connection.end('client', 'handshake_failed');
      return;
    }
    this.#count(socket.isSessionReused() ? 'resumed' : 'ok');
    if (selected.onlyProtocol !== undefined) {
      this.#connection.end('proxy', 'normal');
      return;
    }
    this.#options.counters.tlsTerminated++;
    this.cleanUp();
    this.#options.onSecure(socket, { certificates, policy: policy?.key ?? '', clientCertificate });
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

const withHttp2 = ['h2', 'http/1.1'];
const withoutHttp2 = ['http/1.1'];

function httpAlpn(policy: TlsPolicy | undefined, http2: boolean): readonly string[] {
  const all = http2 ? withHttp2 : withoutHttp2;
  const { alpn } = policy ?? {};
  if (alpn === undefined) return all;
  const offered = all.filter((name) => alpn.includes(name));
  return offered.length > 0 ? offered : withoutHttp2;
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
