import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appPort, grpcPort, sinkPort } from './backend.ts';
import { benchHost, grpcPath, manyHosts, type Peer, type PeerProgram, type PeerSetup, uploadPath, webSocketPath } from './peer.ts';
import { startProxy, stopProcess } from './peer-process.ts';

const httpPort = 18_180;
const httpsPort = 18_543;

/** Headers that an ingress adds. They are inherited only by locations that set none themselves, hence the repetition. */
function headers(setup: PeerSetup, connection = '""'): string {
  return `
      proxy_set_header Connection ${connection};
      proxy_set_header Host $host;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
      proxy_set_header X-Forwarded-Port $server_port;
      proxy_set_header X-Request-ID $request_id;
      ${setup.mode === 'tracing' ? 'proxy_set_header traceparent "00-$request_id-$span_id-01";' : ''}`;
}

function benchServer(setup: PeerSetup): string {
  return `
  server {
    listen 127.0.0.1:${httpPort};
    listen 127.0.0.1:${httpsPort} ssl http2;
    server_name ${benchHost};
    ssl_certificate ${setup.certificateFile};
    ssl_certificate_key ${setup.keyFile};
    ssl_protocols TLSv1.2 TLSv1.3;
    location / { proxy_pass http://app; ${headers(setup)} }
    location ${uploadPath} { proxy_pass http://sink; ${headers(setup)} }
    location ${webSocketPath} { proxy_pass http://sink; ${headers(setup, 'upgrade')} proxy_set_header Upgrade $http_upgrade; }
    location ${grpcPath} { grpc_pass grpc://grpc; grpc_set_header X-Request-ID $request_id; }
  }`;
}

function hostServers(setup: PeerSetup): string {
  const server = (host: string): string =>
    `server { listen 127.0.0.1:${httpPort}; server_name ${host}; location / { proxy_pass http://app; ${headers(setup)} } }`;
  return `server_names_hash_max_size 65536; server_names_hash_bucket_size 128; ${manyHosts.map(server).join('\n')}
  server { listen 127.0.0.1:${httpsPort}; return 404; }`;
}

/** Bodies are streamed, as by every other peer: never kept in files. */
function configuration(setup: PeerSetup, dir: string): string {
  return `
worker_processes 1;
daemon off;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log error;
events { worker_connections 16384; }
http {
  access_log ${setup.mode === 'access-log' ? `${dir}/access.log` : 'off'};
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
  keepalive_requests 1000000000;
  client_max_body_size 0;
  proxy_http_version 1.1;
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  map $request_id $span_id { "~^(?<head>.{16})" $head; }
  upstream app { server 127.0.0.1:${appPort}; keepalive 320; keepalive_requests 1000000000; }
  upstream sink { server 127.0.0.1:${sinkPort}; keepalive 320; keepalive_requests 1000000000; }
  upstream grpc { server 127.0.0.1:${grpcPort}; keepalive 320; keepalive_requests 1000000000; }
  ${setup.mode === 'many-hosts' ? hostServers(setup) : benchServer(setup)}
}
`;
}

/** nginx from Debian with one worker and pooled upstream connections. Its module for passthrough is a package of its own. */
export const nginx: PeerProgram = {
  name: 'nginx',
  async start(setup: PeerSetup): Promise<Peer> {
    const dir = join(setup.dir, 'nginx');
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'nginx.conf'), configuration(setup, dir));
    const args = ['-p', dir, '-c', join(dir, 'nginx.conf')];
    const child = await startProxy({ command: 'nginx', args, ports: [httpPort, httpsPort] }, setup.mode);
    return { name: 'nginx', pid: child.pid, httpPort, httpsPort, passthroughPort: undefined, stop: () => stopProcess(child) };
  },
};
