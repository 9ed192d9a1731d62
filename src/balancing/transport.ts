import { createHash } from 'node:crypto';
import { connect as connectTcp, isIP, type LookupFunction, type OnReadOpts, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import type { BackendProtocol, BackendTls, Service } from '../routes/service.ts';
import type { EndpointRuntime } from './endpoint-runtime.ts';

/** How the connections of a service are made: what must be equal for two of them to be interchangeable. */
export interface Transport {
  /** All of the below, secrets by their fingerprints: the part of a pool's key that is not the endpoint. */
  readonly key: string;
  readonly protocol: BackendProtocol;
  /** Set when `protocol` is over TLS. */
  readonly tls: TlsTransport | undefined;
}

/** What a TLS handshake with a backend needs. */
interface TlsTransport {
  /** SNI, and the name that a verified certificate must have. */
  readonly serverName: string | undefined;
  /** Whether there are CAs to verify the backend's certificate by. */
  readonly verify: boolean;
  /** Holds the CA and the client certificate. */
  readonly secureContext: SecureContext;
  /** The one protocol that is offered (RFC 7301), so that a backend can't choose another than the one that will be spoken. */
  readonly alpn: string[];
}

const transports = new WeakMap<Service, Transport>();

/** The transport of a service, made once a Service object. Throws when the CA of the backend or our certificate for it does not parse. */
export function transportOf(service: Service): Transport {
  const known = transports.get(service);
  if (known !== undefined) return known;
  const made = makeTransport(service);
  transports.set(service, made);
  return made;
}

function makeTransport({ protocol, tls, proxyProtocol }: Service): Transport {
  const opening = proxyProtocol === undefined ? '' : ` PROXY ${proxyProtocol.version} ${proxyProtocol.tlvs.join()}`;
  if (tls === undefined) return { key: `${protocol}${opening}`, protocol, tls: undefined };
  const { serverName, ca, publicCas = false, clientCertificate } = tls;
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(clientCertificate === undefined ? {} : { cert: clientCertificate.chain, key: clientCertificate.privateKey.reveal() }),
  });
  const alpn = [protocol === 'h2' ? 'h2' : 'http/1.1'];
  return {
    key: `${keyOf(protocol, tls)}${opening}`,
    protocol,
    tls: { serverName, verify: ca !== undefined || publicCas, secureContext, alpn },
  };
}

function keyOf(protocol: BackendProtocol, { serverName = '', ca, publicCas, clientCertificate }: BackendTls): string {
  return `${protocol} ${serverName} ${publicCas === true ? 'public' : fingerprint(ca)} ${fingerprint(clientCertificate?.chain)}`;
}

/** Certificates are long, and public. */
function fingerprint(pem: string | undefined): string {
  return pem === undefined ? '-' : createHash('sha256').update(pem).digest('base64');
}

/** How sockets towards backends are opened, beside where to. */
export interface DialOptions {
  /** Undefined: reads come as 'data'. */
  readonly onread: OnReadOpts | undefined;
  /** Resolves the names of ExternalName Services; undefined: the system's resolver. */
  readonly lookup: LookupFunction | undefined;
  /** Sent before all else, TLS included; undefined: nothing is. Over TLS reads then come as 'data', whatever `onread` says. */
  readonly opening?: Buffer | undefined;
  /** What is offered over TLS in place of HTTP; empty: nothing. */
  readonly alpn?: readonly string[] | undefined;
  /** Bytes that a socket holds before it asks to wait; undefined: as Node.js does. */
  readonly highWaterMark?: number | undefined;
}

/**
 * Starts to connect. The socket is not connected yet; `connect` or, over TLS, `secureConnect` says so. Each TLS handshake is a whole one:
 * no session is offered again, so none can carry one client certificate's rights to another, or skip the check of a server's name.
 */
export function dial(endpoint: Pick<EndpointRuntime, 'address' | 'port'>, { tls }: Transport, options: DialOptions): Socket {
  const lookup = options.lookup !== undefined && isIP(endpoint.address) === 0 ? { lookup: options.lookup } : {};
  const target = {
    host: endpoint.address,
    port: endpoint.port,
    noDelay: true,
    ...(options.onread === undefined ? {} : { onread: options.onread }),
    allowHalfOpen: true,
    ...(options.highWaterMark === undefined ? {} : { highWaterMark: options.highWaterMark }),
    ...lookup,
  };
  if (tls === undefined) {
    const socket = connectTcp(target);
    if (options.opening !== undefined) socket.write(options.opening);
    return socket;
  }
  const alpn = options.alpn ?? tls.alpn;
  const secure = {
    secureContext: tls.secureContext,
    rejectUnauthorized: tls.verify,
    ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
  if (options.opening === undefined) return connectTls({ ...target, ...secure });
  return connectTls({ ...secure, socket: openedSocket({ ...target, onread: undefined }, options.opening) });
}

/** A socket that begins with `opening`. The TLS socket around it tells of its errors, too. */
function openedSocket(target: TcpNetConnectOpts, opening: Buffer): Socket {
  const socket = connectTcp(target);
  socket.on('error', () => {});
  socket.write(opening);
  return socket;
}
