import { fork } from 'node:child_process';
import { join } from 'node:path';

/** The clients that are programs of our own, each in a process of its own: `load-NAME-main.ts`. */
type ClientName = 'handshakes' | 'websocket' | 'grpc';

/** What a client is told. */
export interface ClientOptions {
  readonly port: number;
  readonly seconds: number;
  readonly connections: number;
  /** Of TLS sessions. */
  readonly resume?: boolean;
}

/** Runs a client; resolves to the units of work that it counted. */
export function runClient(name: ClientName, options: ClientOptions): Promise<number> {
  const child = fork(join(import.meta.dirname, `load-${name}-main.ts`), [JSON.stringify(options)], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors = (errors + chunk).slice(-2000);
  });
  return new Promise((resolve, reject) => {
    let units: number | undefined;
    child.once('error', reject);
    child.once('message', (message) => {
      units = Number(message);
    });
    child.once('exit', (code) => {
      const reason = /^\w*Error: (.*)$/m.exec(errors)?.[1] ?? errors;
      if (units !== undefined && code === 0) resolve(units);
      else reject(new Error(`Cannot apply load (${name}): ${reason || `the client ended with ${code}`}`));
    });
  });
}
