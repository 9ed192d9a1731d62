import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Peer, type PeerSetup, passthroughHost, startProcess, stopProcess } from './peer.ts';

const httpPort = 18_280;
const httpsPort = 18_643;
/** HAProxy decides on one frontend whether to pass through; the terminated ones come back to itself over a UNIX socket. */
const terminatedPort = 18_644;

function configuration(setup: PeerSetup, dir: string): string {
  return `
global
  nbthread 1
  maxconn 8000
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  mode http
  timeout connect 5s
  timeout client 75s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend http
  bind 127.0.0.1:${httpPort}
  unique-id-format %{+X}o%ci%cp%fi%fp%Ts%rt%pid
  unique-id-header X-Request-ID
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Real-IP %[src]
  default_backend app
frontend terminated
  bind 127.0.0.1:${terminatedPort} ssl crt ${dir}/bundle.pem alpn h2,http/1.1
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Real-IP %[src]
  default_backend app
frontend sni
  mode tcp
  bind 127.0.0.1:${httpsPort}
  tcp-request inspect-delay 5s
  tcp-request content accept if { req_ssl_hello_type 1 }
  use_backend passthrough if { req.ssl_sni -i ${passthroughHost} }
  default_backend passthrough
backend app
  server a 127.0.0.1:${setup.backendHttpPort} pool-max-conn 320
backend passthrough
  mode tcp
  server a 127.0.0.1:${setup.backendHttpsPort}
`;
}

/** HAProxy from Debian with one thread. `httpsPort` sniffs SNI and passes through; the terminating port is given by `haproxyTerminated`. */
export async function startHaproxy(setup: PeerSetup): Promise<Peer & { readonly terminatedPort: number }> {
  const dir = join(setup.dir, 'haproxy');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'bundle.pem'), readFileSync(setup.certificateFile, 'utf8') + readFileSync(setup.keyFile, 'utf8'));
  writeFileSync(join(dir, 'haproxy.cfg'), configuration(setup, dir));
  const child = await startProcess('haproxy', ['-db', '-q', '-f', join(dir, 'haproxy.cfg')], [httpPort, httpsPort, terminatedPort]);
  return { name: 'HAProxy', pid: child.pid, httpPort, httpsPort, terminatedPort, stop: () => stopProcess(child) };
}
