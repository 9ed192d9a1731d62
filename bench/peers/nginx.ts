import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchHost, type Peer, type PeerSetup, passthroughHost, startProcess, stopProcess } from './peer.ts';

const httpPort = 18_180;
const httpsPort = 18_543;

function configuration(setup: PeerSetup, dir: string): string {
  return `
worker_processes 1;
daemon off;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log error;
events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
  keepalive_requests 1000000000;
  upstream backend { server 127.0.0.1:${setup.backendHttpPort}; keepalive 320; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${httpPort};
    listen 127.0.0.1:${httpsPort} ssl http2;
    server_name ${benchHost} ${passthroughHost};
    ssl_certificate ${setup.certificateFile};
    ssl_certificate_key ${setup.keyFile};
    ssl_protocols TLSv1.2 TLSv1.3;
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
      proxy_set_header X-Forwarded-Port $server_port;
      proxy_set_header X-Request-ID $request_id;
    }
  }
}
`;
}

/** nginx from Debian with one worker, the headers that an ingress adds, and pooled upstream connections. */
export async function startNginx(setup: PeerSetup): Promise<Peer> {
  const dir = join(setup.dir, 'nginx');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'nginx.conf'), configuration(setup, dir));
  const child = await startProcess('nginx', ['-p', dir, '-c', join(dir, 'nginx.conf')], [httpPort, httpsPort]);
  return { name: 'nginx', pid: child.pid, httpPort, httpsPort, stop: () => stopProcess(child) };
}
