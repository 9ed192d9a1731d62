import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningProcess, startProcess } from '../peers/peer-process.ts';
import { type L4Service, passthroughHost, serverAddress, serverPort } from './l4-load.ts';

/** A proxy of the L4 cases, running. */
export interface L4Peer {
  readonly name: string;
  readonly pid: number;
  /** Of what it can do. */
  readonly ports: Readonly<Partial<Record<L4Service, number>>>;
  readonly process: RunningProcess;
}

function smartRoute(name: L4Service, protocol: 'tcp' | 'udp', spec: object, options: object = {}): string {
  const backends = [{ name: protocol, port: { number: 80 } }];
  return `
apiVersion: smartproxy.dev/v1alpha1
kind: SmartRoute
metadata: {name: ${name}, namespace: bench}
spec: ${JSON.stringify({ ingressClassName: 'smartproxy', ...spec, [protocol]: { ...options, backends } })}
---`;
}

function service(protocol: 'tcp' | 'udp'): string {
  return `
apiVersion: v1
kind: Service
metadata: {name: ${protocol}, namespace: bench}
spec: {ports: [{name: main, port: 80, protocol: ${protocol.toUpperCase()}}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${protocol}, namespace: bench, labels: {kubernetes.io/service-name: ${protocol}}}
addressType: IPv4
ports: [{name: main, port: ${serverPort}, protocol: ${protocol.toUpperCase()}}]
endpoints: [{addresses: [${serverAddress}]}]
---`;
}

type Engine = 'Node' | 'NFTables';
type Ports = Readonly<Record<L4Service, number>>;

function manifests(engine: Engine, ports: Ports): string {
  const proxied = { policy: { backend: { proxyProtocol: { version: 'V2' } } } };
  const inTheWorkers = [
    smartRoute('passthrough', 'tcp', { hosts: [passthroughHost], tls: { mode: 'Passthrough' } }),
    smartRoute('proxied', 'tcp', { listeners: ['proxied'], ...proxied }),
  ];
  const listeners = [
    { name: 'tcp', port: ports.tcp, protocol: 'TCP' },
    { name: 'udp', port: ports.udp, protocol: 'UDP' },
    ...(engine === 'Node' ? [{ name: 'proxied', port: ports.proxied, protocol: 'TCP', proxyProtocol: { from: ['10.0.0.0/8'] } }] : []),
  ];
  return `
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: smartproxy}
spec:
  controller: smartproxy.dev/ingress-controller
  parameters: {apiGroup: smartproxy.dev, kind: SmartProxyConfig, name: main, namespace: bench, scope: Namespace}
---
apiVersion: smartproxy.dev/v1alpha1
kind: SmartProxyConfig
metadata: {name: main, namespace: bench}
spec: ${JSON.stringify({ listeners })}
---${[
    service('tcp'),
    service('udp'),
    smartRoute('tcp', 'tcp', { listeners: ['tcp'] }, { engine }),
    smartRoute('udp', 'udp', { listeners: ['udp'] }, { engine }),
    ...(engine === 'Node' ? inTheWorkers : []),
  ].join('')}
`;
}

/** This project with one worker. @param script the bundle */
export async function startSmartproxy(dir: string, script: string, engine: Engine): Promise<L4Peer> {
  const first = engine === 'Node' ? 9101 : 9201;
  const all = { tcp: first, udp: first + 1, proxied: first + 2, passthrough: first + 3 };
  const ports = engine === 'Node' ? all : { tcp: all.tcp, udp: all.udp };
  const own = join(dir, engine);
  mkdirSync(join(own, 'manifests'), { recursive: true });
  writeFileSync(join(own, 'manifests', 'bench.yaml'), manifests(engine, all));
  const args = [
    ...[script, 'run', '--manifests', join(own, 'manifests'), '--state-dir', join(own, 'state'), '--workers', '1'],
    ...['--http-port', '0', '--https-port', engine === 'Node' ? String(all.passthrough) : 'off'],
    ...['--status-port', String(first + 50), '--admin-port', String(first + 51)],
    ...['--address', '0.0.0.0', '--status-address', '127.0.0.1', '--log-level', 'warn'],
    ...(engine === 'Node' ? [] : ['--nftables']),
  ];
  const awaited = engine === 'Node' ? [all.tcp, all.proxied, all.passthrough] : [all.tcp];
  const process_ = await startProcess({ command: process.execPath, args, ports: awaited });
  return { name: engine === 'Node' ? 'smartproxy' : 'smartproxy, NFTables', pid: process_.pid, ports, process: process_ };
}

/** HAProxy from Debian with one thread, for all but UDP. */
export async function startHaproxy(dir: string): Promise<L4Peer> {
  const ports = { tcp: 9301, proxied: 9303, passthrough: 9304 };
  const file = join(dir, 'haproxy.cfg');
  writeFileSync(
    file,
    `
global
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend tcp
  bind 0.0.0.0:${ports.tcp}
  default_backend servers
frontend proxied
  bind 0.0.0.0:${ports.proxied} accept-proxy
  default_backend proxied
frontend passthrough
  bind 0.0.0.0:${ports.passthrough}
  tcp-request inspect-delay 5s
  tcp-request content accept if { req_ssl_hello_type 1 }
  use_backend servers if { req.ssl_sni -i ${passthroughHost} }
backend servers
  server a ${serverAddress}:${serverPort}
backend proxied
  server a ${serverAddress}:${serverPort} send-proxy-v2
`,
  );
  const child = await startProcess({ command: 'haproxy', args: ['-db', '-q', '-f', file], ports: Object.values(ports) });
  return { name: 'HAProxy', pid: child.pid, ports, process: child };
}

/** nginx from Debian with one worker, for TCP and UDP by its stream module. */
export async function startNginx(dir: string): Promise<L4Peer> {
  const ports = { tcp: 9401, udp: 9402 };
  const file = join(dir, 'nginx.conf');
  writeFileSync(
    file,
    `
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
worker_processes 1;
daemon off;
pid ${dir}/nginx.pid;
error_log ${dir}/nginx.log error;
events { worker_connections 16384; }
stream {
  server { listen 0.0.0.0:${ports.tcp}; proxy_pass ${serverAddress}:${serverPort}; }
  server { listen 0.0.0.0:${ports.udp} udp; proxy_pass ${serverAddress}:${serverPort}; proxy_timeout 30s; }
}
`,
  );
  const child = await startProcess({ command: 'nginx', args: ['-p', dir, '-c', file], ports: [ports.tcp] });
  return { name: 'nginx stream', pid: child.pid, ports, process: child };
}
