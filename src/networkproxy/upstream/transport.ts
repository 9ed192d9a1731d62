import { createHash } from 'node:crypto';
import { connect as connectTcp, isIP, type LookupFunction, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import type { BackendTls, Service } from '../../routes/route-table.ts';

/** How the connections of a service are made: what must be equal for two of them to be interchangeable. */
export interface Transport {
  /** Protocol, server name and CA: the part of a pool's key that is not the endpoint. */
  readonly key: string;
  readonly tls: BackendTls | undefined;
  /** Undefined for plain TCP. */
  readonly secureContext: SecureContext | undefined;
}

const transports = new WeakMap<Service, Transport>();

/** The transport of a service, made once a Service object. Throws when the CA of the backend does not parse. */
export function transportOf(service: Service): Transport {
  const known = transports.get(service);
  if (known !== undefined) return known;
  const made = makeTransport(service.tls);
  transports.set(service, made);
  return made;
}

function makeTransport(tls: BackendTls | undefined): Transport {
  if (tls === undefined) return { key: 'tcp', tls, secureContext: undefined };
  const ca = tls.ca === undefined ? '' : createHash('sha256').update(tls.ca).digest('base64');
  const secureContext = createSecureContext({ minVersion: 'TLSv1.2', ...(tls.ca === undefined ? {} : { ca: tls.ca }) });
  return { key: `tls ${tls.serverName ?? ''} ${ca}`, tls, secureContext };
}

/** How sockets towards backends are opened, beside where to. */
export interface DialOptions {
  /** Undefined: reads come as 'data'. */
  readonly onread: OnReadOpts | undefined;
  /** Resolves the names of ExternalName Services; undefined: the system's resolver. */
  readonly lookup: LookupFunction | undefined;
}

/** Starts to connect. The socket is not connected yet; `connect` or, over TLS, `secureConnect` says so. */
export function dial(endpoint: EndpointRuntime, transport: Transport, options: DialOptions): Socket {
  const lookup = options.lookup !== undefined && isIP(endpoint.address) === 0 ? { lookup: options.lookup } : {};
  const target = {
    host: endpoint.address,
    port: endpoint.port,
    noDelay: true,
    ...(options.onread === undefined ? {} : { onread: options.onread }),
    allowHalfOpen: true,
    ...lookup,
  };
  if (transport.tls === undefined || transport.secureContext === undefined) return connectTcp(target);
  const { serverName, ca } = transport.tls;
  return connectTls({
    ...target,
    secureContext: transport.secureContext,
    rejectUnauthorized: ca !== undefined,
    ALPNProtocols: ['http/1.1'],
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
}
