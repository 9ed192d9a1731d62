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

/** One h2load run with one thread: `connections` with `streams` requests each at a time. Fails unless every answer is 2xx. */
export async function h2load(url: string, seconds: number, connections: number, streams: number): Promise<number> {
  const args = ['-t', '1', '-c', String(connections), '-m', String(streams), '-D', String(seconds), url];
  const { stdout } = await run('h2load', args);
  const [, failed, errored] = /(\d+) failed, (\d+) errored/.exec(stdout) ?? [];
  const [, ok, moved, refused, broken] = /(\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(stdout) ?? [];
  if (ok === undefined || ok === '0' || !stdout.includes('Application protocol: h2\n'))
    throw new Error(`Cannot read h2load's output: ${stdout}`);
  if ([failed, errored, moved, refused, broken].some((count) => count !== '0')) {
    throw new Error(`Cannot measure ${url}: not every answer was 2xx: ${stdout}`);
  }
  return Number(ok);
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
