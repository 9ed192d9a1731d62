import type { GrpcTarget } from './grpc-client.ts';
import { ingress, ingressClass, service, type TestEndpoint, tlsSecret } from './manifests.ts';
import { Program } from './program.ts';
import type { TestCertificate } from './test-certificate.ts';

/** Which half of the way from a client through the program to a backend is encrypted. */
export interface GrpcPath {
  readonly name: string;
  readonly clientTls: boolean;
  readonly backendTls: boolean;
}

/** All four ways. */
export const grpcPaths: readonly GrpcPath[] = [
  { name: 'plain HTTP/2 to plain HTTP/2', clientTls: false, backendTls: false },
  { name: 'TLS to plain HTTP/2', clientTls: true, backendTls: false },
  { name: 'plain HTTP/2 to TLS', clientTls: false, backendTls: true },
  { name: 'TLS to TLS', clientTls: true, backendTls: true },
];

/** The host that clients of a path ask for; what its certificate must cover. */
export const grpcHost = 'grpc.example';

/** The objects of one gRPC Service with these endpoints behind an Ingress for any host. */
export function grpcManifest(path: GrpcPath, endpoints: readonly TestEndpoint[], certificate: TestCertificate): string {
  const annotations = { 'smartproxy.dev/backend-protocol': path.backendTls ? 'grpcs' : 'grpc' };
  const rules = { '': [['/', 'Prefix', 'calls']] } as const;
  return ingressClass + service('calls', ...endpoints) + tlsSecret('tls', certificate) + ingress('calls', { rules, annotations });
}

/** The program with `grpcManifest`; every problem it has with that fails the test. */
export async function startGrpcProgram(path: GrpcPath, endpoints: readonly TestEndpoint[], certificate: TestCertificate): Promise<Program> {
  const program = await Program.start(grpcManifest(path, endpoints, certificate), ['--h2c', '--default-certificate', 'default/tls']);
  if (program.problems.length > 0) throw new Error(`Cannot serve gRPC: ${program.problems.join(', ')}`);
  return program;
}

/** Where clients of a path connect. */
export function grpcTarget(path: GrpcPath, program: Program, certificate: TestCertificate): GrpcTarget {
  const address = `127.0.0.1:${path.clientTls ? program.httpsPort : program.httpPort}`;
  return { address, authority: grpcHost, ...(path.clientTls ? { ca: certificate.cert } : {}) };
}
