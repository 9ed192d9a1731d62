import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One wrk run with one thread; resolves to the number of answered requests. Fails on any socket error or non-2xx answer. */
export async function wrk(url: string, seconds: number, connections: number, headers: readonly string[] = []): Promise<number> {
  const args = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, ...headers.flatMap((header) => ['-H', header]), url];
  const { stdout } = await run('wrk', args);
  const requests = /(\d+) requests in/.exec(stdout)?.[1];
  if (requests === undefined) throw new Error(`Cannot read wrk's output: ${stdout}`);
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1];
  if (bad !== undefined) throw new Error(`Cannot measure ${url}: ${bad} of ${requests} answers were not 2xx`);
  return Number(requests);
}

/** Downloads `path` over TLS `times` times with curl; resolves to the bytes received. */
export async function download(host: string, port: number, path: string, times: number): Promise<number> {
  let bytes = 0;
  for (let i = 0; i < times; i++) {
    const url = `https://${host}:${port}${path}`;
    const { stdout } = await run('curl', [
      '-sk',
      '--resolve',
      `${host}:${port}:127.0.0.1`,
      '-o',
      '/dev/null',
      '-w',
      '%{size_download}',
      url,
    ]);
    bytes += Number(stdout);
  }
  return bytes;
}
