import type { BackendProtocol } from '../routes/service.ts';

/**
 * What `appProtocol` of a Service port says, in lower case. The Kubernetes API defines the names with `kubernetes.io/` and leaves bare ones
 * to IANA, which registers `http` and `https` of these; the others are what people write. A name without TLS in it means none, so `http2`
 * is clear text as `http` is (GKE's own load balancers take it for TLS: KEP-3726).
 */
const protocolByName: ReadonlyMap<string, BackendProtocol> = new Map([
  ['http', 'http'],
  ['ws', 'http'],
  ['kubernetes.io/ws', 'http'],
  ['https', 'https'],
  ['wss', 'https'],
  ['kubernetes.io/wss', 'https'],
  ['kubernetes.io/h2c', 'h2c'],
  ['h2c', 'h2c'],
  ['http2', 'h2c'],
  ['grpc', 'h2c'],
  ['kubernetes.io/grpc', 'h2c'],
  ['h2', 'h2'],
  ['grpcs', 'h2'],
]);

/** The protocol that a Service port's `appProtocol` stands for, in any case; what is unknown or absent is plain HTTP/1.1. */
export function protocolOf(appProtocol: string | undefined): BackendProtocol {
  return (appProtocol === undefined ? undefined : protocolByName.get(appProtocol.toLowerCase())) ?? 'http';
}
