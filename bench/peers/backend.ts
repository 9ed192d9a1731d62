import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess, stopProcess } from './peer.ts';

export const backendHttpPort = 18_080;
export const backendHttpsPort = 18_443;

/** The size of the body that passthrough moves, in bytes. */
export const bulkBytes = 1024 ** 3;

/** One cheap backend for all peers (as root it stays root, so that it can read its folder): 200 with a short body over HTTP, and a sparse 1 GiB file over TLS. */
export async function startBackend(base: string, certificateFile: string, keyFile: string): Promise<{ stop(): Promise<void> }> {
  const dir = join(base, 'backend');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'bulk'), '');
  truncateSync(join(dir, 'bulk'), bulkBytes);
  writeFileSync(
    join(dir, 'nginx.conf'),
    `
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
daemon off;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log error;
events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  server {
    listen 127.0.0.1:${backendHttpPort} backlog=4096;
    location / { default_type text/plain; return 200 "hello from the backend\\n"; }
  }
  server {
    listen 127.0.0.1:${backendHttpsPort} ssl;
    ssl_certificate ${certificateFile};
    ssl_certificate_key ${keyFile};
    root ${dir};
  }
}
`,
  );
  const child = await startProcess('nginx', ['-p', dir, '-c', join(dir, 'nginx.conf')], [backendHttpPort, backendHttpsPort]);
  return { stop: () => stopProcess(child) };
}
