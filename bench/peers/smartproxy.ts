import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildBundle } from '../../tools/build-bundle.ts';
import { appPort, backendHttpsPort, grpcPort, sinkPort } from './backend.ts';
import type { CertificateFiles } from './certificate.ts';
import {
  benchHost,
  grpcPath,
  manyHosts,
  type Peer,
  type PeerProgram,
  type PeerSetup,
  passthroughHost,
  uploadPath,
  webSocketPath,
} from './peer.ts';
import { startProxy, stopProcess } from './peer-process.ts';

/** Moved by `Build.portOffset`. */
const firstPorts = { http: 18_380, https: 18_743, status: 18_254, admin: 18_255 };

const base64 = (file: string): string => readFileSync(file).toString('base64');

function service(name: string, port: number): string {
  return `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: bench}
spec: {ports: [{name: web, port: 80, targetPort: ${port}}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, namespace: bench, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [{name: web, port: ${port}, protocol: TCP}]
endpoints: [{addresses: [127.0.0.1], conditions: {ready: true}}]
---`;
}

export interface BenchIngress {
  readonly name: string;
  readonly host: string;
  readonly service: string;
  readonly path?: string;
  readonly annotations?: string;
  /** A Secret; default: that of `benchHost`, no TLS for other hosts. */
  readonly secret?: string;
}

/** An Ingress as YAML. */
export function ingress({
  name,
  host,
  service,
  path = '/',
  annotations = '',
  secret = host === benchHost ? 'tls' : undefined,
}: BenchIngress): string {
  const tls = secret === undefined ? '' : `tls: [{hosts: [${host}], secretName: ${secret}}]`;
  return `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ${name}, namespace: bench, annotations: {${annotations}}}
spec:
  ingressClassName: smartproxy
  ${tls}
  rules:
  - host: ${host}
    http: {paths: [{path: ${path}, pathType: Prefix, backend: {service: {name: ${service}, port: {name: web}}}}]}
---`;
}

/** A Secret with a certificate and its key as YAML. */
export function tlsSecret(name: string, files: CertificateFiles): string {
  return `
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: {name: ${name}, namespace: bench}
data: {tls.crt: ${base64(files.certificateFile)}, tls.key: ${base64(files.keyFile)}}
---`;
}

/** The host with TLS keeps answering over plain HTTP too. */
const noRedirect = 'smartproxy.dev/ssl-redirect: "false"';

function benchIngresses(): readonly BenchIngress[] {
  const host = benchHost;
  const sink = { host, service: 'sink', annotations: `${noRedirect}, smartproxy.dev/max-body-size: "0"` };
  return [
    { name: 'app', host, service: 'app', annotations: noRedirect },
    { name: 'upload', path: uploadPath, ...sink },
    { name: 'websocket', path: webSocketPath, ...sink },
    { name: 'grpc', path: grpcPath, host, service: 'grpc', annotations: `${noRedirect}, smartproxy.dev/backend-protocol: h2c` },
    { name: 'bulk', host: passthroughHost, service: 'bulk', annotations: 'smartproxy.dev/tls-passthrough: "true"' },
  ];
}

function manifests(setup: PeerSetup): string {
  const hosts = manyHosts.map((host, index) => ({ name: `host-${index}`, host, service: 'app' }));
  const ingresses = setup.mode === 'many-hosts' ? hosts : benchIngresses();
  const services = [service('app', appPort), service('sink', sinkPort), service('grpc', grpcPort), service('bulk', backendHttpsPort)];
  return `
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: smartproxy}
spec: {controller: smartproxy.dev/ingress-controller}
---${tlsSecret('tls', setup)}${services.join('')}${ingresses.map(ingress).join('')}
`;
}

function modeArguments({ mode }: PeerSetup): readonly string[] {
  if (mode === 'access-log') return ['--access-log', 'all'];
  return mode === 'tracing' ? ['--trace-context'] : [];
}

/** What one case has beyond the others. */
export interface Extras {
  readonly args?: readonly string[];
  /** Manifests, as YAML documents that end with `---`. */
  readonly manifests?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The folder that the program reads while it runs. */
export function manifestFolder(setup: PeerSetup, name = thisBuild.name): string {
  return join(setup.dir, name, 'manifests');
}

let bundled: Promise<string> | undefined;

/** The program as the image carries it, made once in a run. */
function bundle(): Promise<string> {
  const folder = join(import.meta.dirname, '../../dist');
  bundled ??= buildBundle(folder).then(() => join(folder, 'main.js'));
  return bundled;
}

/** Which code of this project to run. */
interface Build {
  readonly name: string;
  /** The script that starts it. */
  script(): Promise<string>;
  readonly portOffset: number;
}

const thisBuild: Build = { name: 'smartproxy', script: bundle, portOffset: 0 };

/** This project, as the image runs it, with one worker. The process tree is main and worker: both count. */
export async function startSmartproxy(
  setup: PeerSetup,
  extras: Extras = {},
  build: Build = thisBuild,
): Promise<Peer & { readonly statusPort: number }> {
  const [httpPort, httpsPort, statusPort, adminPort] = portsOf(build);
  const dir = join(setup.dir, build.name);
  const folder = manifestFolder(setup, build.name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'bench.yaml'), manifests(setup) + (extras.manifests ?? ''));
  const args = [
    await build.script(),
    'run',
    ...['--manifests', folder, '--state-dir', join(dir, 'state'), '--workers', '1', '--address', '127.0.0.1'],
    ...['--http-port', String(httpPort), '--https-port', String(httpsPort), '--status-address', '127.0.0.1'],
    ...['--status-port', String(statusPort), '--admin-port', String(adminPort), '--keep-alive-requests', '0', '--log-level', 'warn'],
    ...modeArguments(setup),
    ...(extras.args ?? []),
  ];
  const ports = [httpPort, httpsPort, statusPort];
  const launch = { command: process.execPath, args, ports, outputFile: join(dir, 'access.log'), env: extras.env ?? {} };
  const child = await startProxy(launch, setup.mode);
  const stop = (): Promise<void> => stopProcess(child);
  return { name: build.name, pid: child.pid, httpPort, httpsPort, statusPort, passthroughPort: httpsPort, stop };
}

function portsOf({ portOffset }: Build): readonly [http: number, https: number, status: number, admin: number] {
  const { http, https, status, admin } = firstPorts;
  return [http + portOffset, https + portOffset, status + portOffset, admin + portOffset];
}

export const smartproxy: PeerProgram = { name: thisBuild.name, start: (setup) => startSmartproxy(setup) };

/**
 * The bundles of other checkouts of this project, made there by `npm run bundle`, as peers beside this one.
 * @param scripts `NAME=SCRIPT` each
 */
export function otherBuilds(scripts: readonly string[]): readonly PeerProgram[] {
  return scripts.map((text, index) => {
    const [name = '', script = ''] = text.split('=', 2);
    const build: Build = { name, script: () => Promise.resolve(script), portOffset: 2 * (index + 1) };
    return { name, start: (setup) => startSmartproxy(setup, {}, build) };
  });
}
