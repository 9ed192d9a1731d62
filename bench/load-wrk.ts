import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface WrkOptions {
  readonly url: string;
  readonly seconds: number;
  readonly connections: number;
  readonly headers?: readonly string[];
  /** A file with a Lua script. */
  readonly script?: string;
}

/** One wrk run with one thread; resolves to the number of answered requests. Fails on any non-2xx answer. */
export async function wrk({ url, seconds, connections, headers = [], script }: WrkOptions): Promise<number> {
  const args = ['-t', '1', '-c', String(connections), '-d', `${Math.ceil(seconds)}s`, ...headers.flatMap((header) => ['-H', header])];
  if (script !== undefined) args.push('-s', script);
  const { stdout } = await run('wrk', [...args, url]);
  const requests = /(\d+) requests in/.exec(stdout)?.[1];
  if (requests === undefined) throw new Error(`Cannot read wrk's output: ${stdout}`);
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1];
  if (bad !== undefined) throw new Error(`Cannot measure ${url}: ${bad} of ${requests} answers were not 2xx`);
  return Number(requests);
}
