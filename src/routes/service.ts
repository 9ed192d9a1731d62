import type { ProxyHeaderForm } from '../proxy-header/encode-proxy-header.ts';
import type { Certificate } from './route-table.ts';

export interface Service {
  /** `namespace/name:port`, plus `#` and a hash when settings make a variant of the same Service port. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** The Service port's number. */
  readonly port: number;
  readonly protocol: BackendProtocol;
  /** Set when `protocol` is over TLS: `https` or `h2`. */
  readonly tls: BackendTls | undefined;
  /** `consistent-hash` is by `ForwardAction.hashBy`, for connections that pass through by the client's address. */
  readonly loadBalancing: 'round-robin' | 'least-request' | 'consistent-hash';
  /** What opens each connection; undefined: nothing. Requests over it have a connection each. */
  readonly proxyProtocol?: ProxyHeaderForm | undefined;
  /** With `consistent-hash`: the most requests of an endpoint, in percent of the mean, above 100; undefined: any number. */
  readonly maxLoadPercent?: number | undefined;
  /** How long an endpoint that becomes ready gets less than its share, not with `consistent-hash`; undefined: it does not. */
  readonly slowStartMs?: number | undefined;
  /** undefined: none but those of the program. */
  readonly limits?: ServiceLimits | undefined;
  /** undefined: five connects that fail in a row, see `defaultOutlierDetection`. */
  readonly outlierDetection?: OutlierDetection | undefined;
  /** undefined: endpoints are asked nothing. */
  readonly healthCheck?: HealthCheck | undefined;
  /** Clients are kept with their endpoints, which have a `session`. */
  readonly sessions?: true | undefined;
}

/** How much one worker lets a service have; 0 = no limit. */
export interface ServiceLimits {
  /** To all endpoints together. */
  readonly connections: number;
  /** Requests that wait for a connection to open. */
  readonly pendingRequests: number;
  /** Requests under way. */
  readonly requests: number;
  /** Of the requests, how many may be retries, in percent; undefined: 20. */
  readonly retryPercent: number | undefined;
}

/** When an endpoint is ejected by what requests and connections meet there. */
export interface OutlierDetection {
  /** Connects that fail in a row. */
  readonly connectFailures: number;
  /** Requests in a row that are answered with 5xx, with a status of gRPC that stands for it, or not at all; 0: they do not count. */
  readonly errors: number;
  /** The first ejection's length; the n-th in a row lasts n times as long. */
  readonly ejectionMs: number;
  readonly maxEjectionMs: number;
  /** Of the endpoints that get traffic, 0 to 100, rounded down. */
  readonly maxEjectedPercent: number;
}

/** How endpoints are asked whether they are well. */
export type HealthCheck = TcpHealthCheck | HttpHealthCheck | GrpcHealthCheck;

interface CheckPace {
  /** Between two checks of an endpoint. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Checks in a row that fail until an endpoint counts as not healthy, and that pass until it does again. */
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
  /** undefined: that of the endpoint. */
  readonly port: number | undefined;
}

export interface TcpHealthCheck extends CheckPace {
  readonly kind: 'tcp';
}

/** A GET, as the service is spoken to. */
export interface HttpHealthCheck extends CheckPace {
  readonly kind: 'http';
  readonly path: string;
  /** undefined: address and port. */
  readonly host: string | undefined;
  /** Ranges, both ends included. */
  readonly statuses: readonly (readonly [from: number, to: number])[];
}

/** grpc.health.v1, over HTTP/2 whatever the service speaks. */
export interface GrpcHealthCheck extends CheckPace {
  readonly kind: 'grpc';
  readonly host: string | undefined;
  /** '' for the server as a whole. */
  readonly service: string;
}

/** HTTP/1.1 in clear and over TLS, HTTP/2 in clear (prior knowledge) and over TLS. */
export type BackendProtocol = 'http' | 'https' | 'h2c' | 'h2';

/** TLS towards the backend. Not verified unless a CA is given, as in every ingress controller. */
export interface BackendTls {
  /** SNI; undefined: none. */
  readonly serverName: string | undefined;
  /** PEM; undefined: the backend's certificate is not verified, unless by `publicCas`. */
  readonly ca: string | undefined;
  /** It is verified by the public CAs that Node.js knows. */
  readonly publicCas?: true | undefined;
  /** Shown to a backend that asks for one; undefined: none is. */
  readonly clientCertificate: Certificate | undefined;
}

export interface EndpointSet {
  /** The service's key. */
  readonly key: string;
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  /** A numeric address, or a DNS name (ExternalName). */
  readonly address: string;
  readonly port: number;
  /** `ready`: gets new requests. `fallback`: serving while terminating, used only when none is ready. `draining`: keeps what it has. */
  readonly state: 'ready' | 'fallback' | 'draining';
  readonly zone: string | undefined;
  /** Zones that this endpoint should serve (EndpointSlice hints); empty: any. */
  readonly forZones: readonly string[];
  /**
   * Stands for this endpoint in session cookies: printable ASCII, says nothing of where it is. undefined: no session may begin or go on here,
   * or the service has none.
   */
  readonly session?: string | undefined;
}
