import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appPort, backendHttpsPort, grpcPort, sinkPort } from './backend.ts';
import { grpcPath, manyHosts, type Peer, type PeerProgram, type PeerSetup, passthroughHost, uploadPath, webSocketPath } from './peer.ts';
import { startProxy, stopProcess } from './peer-process.ts';

const httpPort = 18_280;
const httpsPort = 18_644;
const passthroughPort = 18_643;

const spanId = '%[uuid(4),regsub(-,,g),bytes(0,16)]';

function routing({ mode }: PeerSetup, dir: string, scheme: string): string {
  const paths = `
  use_backend grpc if { path_beg ${grpcPath} }
  use_backend sink if { path ${uploadPath} } || { path ${webSocketPath} }
  default_backend app`;
  return `
  option forwardfor
  ${mode === 'access-log' ? 'log global\n  option httplog' : ''}
  unique-id-format %{+X}o%ci%cp%fi%fp%Ts%rt%pid
  unique-id-header X-Request-ID
  http-request set-header X-Forwarded-Proto ${scheme}
  http-request set-header X-Real-IP %[src]
  ${mode === 'tracing' ? `http-request set-header traceparent "00-%[uuid(4),regsub(-,,g)]-${spanId}-01"` : ''}
  ${mode === 'many-hosts' ? `use_backend %[req.hdr(host),field(1,:),lower,map(${dir}/hosts.map)]` : paths}`;
}

function configuration(setup: PeerSetup, dir: string): string {
  return `
global
  nbthread 1
  maxconn 8000
  ssl-default-bind-options ssl-min-ver TLSv1.2
  ${setup.mode === 'access-log' ? 'log stdout format raw daemon' : ''}
defaults
  mode http
  timeout connect 5s
  timeout client 75s
  timeout server 60s
  timeout tunnel 1h
  http-reuse always
frontend http
  bind 127.0.0.1:${httpPort}
  ${routing(setup, dir, 'http')}
frontend https
  bind 127.0.0.1:${httpsPort} ssl crt ${dir}/bundle.pem alpn h2,http/1.1
  ${routing(setup, dir, 'https')}
frontend sni
  mode tcp
  bind 127.0.0.1:${passthroughPort}
  tcp-request inspect-delay 5s
  tcp-request content accept if { req_ssl_hello_type 1 }
  use_backend passthrough if { req.ssl_sni -i ${passthroughHost} }
backend app
  server a 127.0.0.1:${appPort} pool-max-conn 320
backend sink
  server a 127.0.0.1:${sinkPort} pool-max-conn 320
backend grpc
  server a 127.0.0.1:${grpcPort} pool-max-conn 320 proto h2
backend passthrough
  mode tcp
  server a 127.0.0.1:${backendHttpsPort}
`;
}

/** HAProxy from Debian with one thread. */
export const haproxy: PeerProgram = {
  name: 'HAProxy',
  async start(setup: PeerSetup): Promise<Peer> {
    const dir = join(setup.dir, 'haproxy');
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'bundle.pem'), readFileSync(setup.certificateFile, 'utf8') + readFileSync(setup.keyFile, 'utf8'));
    writeFileSync(join(dir, 'hosts.map'), manyHosts.map((host) => `${host} app\n`).join(''));
    writeFileSync(join(dir, 'haproxy.cfg'), configuration(setup, dir));
    const args = ['-db', ...(setup.mode === 'access-log' ? [] : ['-q']), '-f', join(dir, 'haproxy.cfg')];
    const ports = [httpPort, httpsPort, passthroughPort];
    const child = await startProxy({ command: 'haproxy', args, ports, outputFile: join(dir, 'access.log') }, setup.mode);
    return { name: 'HAProxy', pid: child.pid, httpPort, httpsPort, passthroughPort, stop: () => stopProcess(child) };
  },
};
