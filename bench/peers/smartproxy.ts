import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchHost, type Peer, type PeerSetup, passthroughHost, startProcess, stopProcess } from './peer.ts';

const httpPort = 18_380;
const httpsPort = 18_743;
const statusPort = 18_254;
const adminPort = 18_255;

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

function ingress(name: string, host: string, service: string, extra: { annotations?: string; spec?: string } = {}): string {
  return `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ${name}, namespace: bench, annotations: {${extra.annotations ?? ''}}}
spec:
  ingressClassName: smartproxy
  ${extra.spec ?? ''}
  rules:
  - host: ${host}
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: ${service}, port: {name: web}}}}]}
---`;
}

function manifests(setup: PeerSetup): string {
  return `
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: smartproxy}
spec: {controller: smartproxy.dev/ingress-controller}
---
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: {name: tls, namespace: bench}
data: {tls.crt: ${base64(setup.certificateFile)}, tls.key: ${base64(setup.keyFile)}}
---${service('app', setup.backendHttpPort)}${service('bulk', setup.backendHttpsPort)}${ingress('app', benchHost, 'app', {
    annotations: 'smartproxy.dev/ssl-redirect: "false"',
    spec: `tls: [{hosts: [${benchHost}], secretName: tls}]`,
  })}${ingress('bulk', passthroughHost, 'bulk', { annotations: 'smartproxy.dev/tls-passthrough: "true"' })}
`;
}

/** This project, as a user runs it, with one worker. The process tree is main and worker: both count. */
export async function startSmartProxy(
  setup: PeerSetup,
  extraArgs: readonly string[] = [],
): Promise<Peer & { readonly statusPort: number }> {
  const dir = join(setup.dir, 'smartproxy');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'bench.yaml'), manifests(setup));
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const args = [
    main,
    'run',
    ...['--manifests', dir, '--state-dir', join(setup.dir, 'state'), '--workers', '1', '--address', '127.0.0.1'],
    ...['--http-port', String(httpPort), '--https-port', String(httpsPort), '--status-address', '127.0.0.1'],
    ...['--status-port', String(statusPort), '--admin-port', String(adminPort), '--keep-alive-requests', '0', '--log-level', 'warn'],
    ...extraArgs,
  ];
  const child = await startProcess(process.execPath, args, [httpPort, httpsPort, statusPort]);
  return { name: 'smartproxy', pid: child.pid, httpPort, httpsPort, statusPort, stop: () => stopProcess(child) };
}
