import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One transfer after the other with curl. */
export interface Transfers {
  readonly url: string;
  readonly seconds: number;
  /** The size of each body. */
  readonly bytes: number;
  /** What is uploaded, to a backend that answers with the number of bytes that it got; undefined: it is a download. */
  readonly uploadFile?: string;
  /** Further ones of curl: protocol, framing, address of the host. */
  readonly arguments: readonly string[];
}

/** Transfers until `seconds` are over, but at least one; resolves to the bytes of the bodies. Fails unless each is answered 200 and whole. */
export async function transfers({ url, seconds, bytes, uploadFile, arguments: extra }: Transfers): Promise<number> {
  // Without `Expect: 100-continue`, which would cost a round trip.
  const upload = ['-T', String(uploadFile), '-H', 'Expect:', '-w', ' %{http_code}'];
  const download = ['-o', '/dev/null', '-w', '%{size_download} %{http_code}'];
  const args = ['-sk', ...(uploadFile === undefined ? download : upload), ...extra, url];
  const endMs = performance.now() + seconds * 1000;
  let moved = 0;
  do {
    const { stdout } = await run('curl', args);
    const [arrived, status] = stdout.split(' ');
    if (status !== '200' || Number(arrived) !== bytes)
      throw new Error(`Cannot transfer ${url}: ${arrived} bytes arrived, status ${status}`);
    moved += bytes;
  } while (performance.now() < endMs);
  return moved;
}
