import type { Writable } from 'node:stream';

/**
 * Resolves when all that was written to `stream` has been handed over: a pipe takes 64 KiB, and more than that is lost with a process that ends
 * before somebody has read it. Resolves to why not, as on a full disk; who reads no further (EPIPE) has what he wanted.
 */
export function lastWritten(stream: Writable): Promise<Error | undefined> {
  return new Promise((resolve) => {
    stream.write('', (error) => {
      const failed = stream.errored ?? error ?? undefined;
      resolve(failed !== undefined && 'code' in failed && failed.code === 'EPIPE' ? undefined : failed);
    });
  });
}
