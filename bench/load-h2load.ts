import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface H2loadOptions {
  readonly url: string;
  readonly seconds: number;
  readonly connections: number;
  /** Requests at a time on each connection. */
  readonly streams: number;
  readonly headers?: readonly string[];
  /** A file that each request sends, with POST. */
  readonly bodyFile?: string;
  /** The bytes of each answer's body: less in the sum is a failure. */
  readonly answerBytes?: number;
}

/** One h2load run with one thread; resolves to the number of requests that were answered to the end. Fails unless every answer is 2xx. */
export async function h2load(options: H2loadOptions): Promise<number> {
  const { url, seconds, connections, streams, headers = [], bodyFile, answerBytes = 0 } = options;
  const args = ['-t', '1', '-c', String(connections), '-m', String(streams), '-D', String(Math.ceil(seconds))];
  args.push(...headers.flatMap((header) => ['-H', header]), ...(bodyFile === undefined ? [] : ['-d', bodyFile]));
  const { stdout } = await run('h2load', [...args, url]);
  const [, whole, failed, errored] = /(\d+) succeeded, (\d+) failed, (\d+) errored/.exec(stdout) ?? [];
  const [, ok, moved, refused, broken] = /(\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(stdout) ?? [];
  const data = /\((\d+)\) data/.exec(stdout)?.[1];
  if (whole === undefined || data === undefined || !stdout.includes('Application protocol: h2\n'))
    throw new Error(`Cannot read h2load's output: ${stdout}`);
  if (whole === '0' || [failed, errored, moved, refused, broken].some((count) => count !== '0')) {
    const counts = `${ok} 2xx, ${moved} 3xx, ${refused} 4xx, ${broken} 5xx, ${failed} failed, ${errored} errored`;
    throw new Error(`Cannot measure ${url}: not every answer was 2xx: ${counts}`);
  }
  if (Number(data) < Number(whole) * answerBytes) throw new Error(`Cannot measure ${url}: ${data} bytes in ${whole} answers are too few`);
  return Number(whole);
}
