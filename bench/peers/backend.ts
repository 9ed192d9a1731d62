import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificateFiles } from './certificate.ts';
import { startProcess, stopProcess } from './peer-process.ts';

/** Answers every request shortly; has the bulk files. */
export const appPort = 18_080;
/** The same files over TLS, for passthrough. */
export const backendHttpsPort = 18_443;
/** Takes uploads and echoes WebSocket messages. */
export const sinkPort = 18_081;
/** gRPC over h2c. */
export const grpcPort = 18_082;

/** The size of a body that transfers move, in bytes. */
export const bulkBytes = 256 * 1024 ** 2;
/** Served with Content-Length and chunked. */
export const bulkPath = '/bulk';
export const chunkedBulkPath = '/chunked/bulk';

/** What a gRPC server stream is: messages a call, and bytes of each with its prefix. */
export const streamMessages = 100;
export const streamMessageBytes = 1029;
/** Bytes of a unary gRPC message, and of one of a bidirectional stream, with the prefix. */
export const unaryMessageBytes = 69;

export interface Backend {
  /** A sparse file of `bulkBytes`, to be uploaded. */
  readonly bulkFile: string;
  /** Of the server for short answers and files. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** `add_after_body` takes the length of the answer away at no other cost. */
function configuration(dir: string, { certificateFile, keyFile }: CertificateFiles): string {
  return `
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
    listen 127.0.0.1:${appPort} backlog=4096;
    location / { default_type text/plain; return 200 "hello from the backend\\n"; }
    location = ${bulkPath} { root ${dir}; }
    location = ${chunkedBulkPath} { alias ${dir}/bulk; add_after_body /nothing; }
    location = /nothing { return 200 ""; }
  }
  server {
    listen 127.0.0.1:${backendHttpsPort} ssl;
    ssl_certificate ${certificateFile};
    ssl_certificate_key ${keyFile};
    root ${dir};
  }
}
`;
}

/**
 * Cheap backends for all peers: nginx for short answers and files (as root it stays root, so that it can read its folder), and a Node
 * process for what nginx does not do: WebSocket, gRPC, and reading an upload to its end.
 */
export async function startBackend(base: string, certificate: CertificateFiles): Promise<Backend> {
  const dir = join(base, 'backend');
  const bulkFile = join(dir, 'bulk');
  mkdirSync(dir, { recursive: true });
  writeFileSync(bulkFile, '');
  truncateSync(bulkFile, bulkBytes);
  writeFileSync(join(dir, 'nginx.conf'), configuration(dir, certificate));
  const args = ['-p', dir, '-c', join(dir, 'nginx.conf')];
  const nginx = await startProcess({ command: 'nginx', args, ports: [appPort, backendHttpsPort] });
  const server = fork(join(import.meta.dirname, 'backend-main.ts'), [], { execArgv: [] });
  const [message] = (await Promise.race([once(server, 'message'), once(server, 'exit')])) as [unknown];
  if (message !== 'ready') throw new Error(`Cannot start the backend of the benchmark: it exited with ${message}`);
  return {
    bulkFile,
    pid: nginx.pid,
    stop: async () => {
      await Promise.all([stopProcess(nginx), stopProcess(server)]);
    },
  };
}
