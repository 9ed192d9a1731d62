import { execFile } from 'node:child_process';

const timeoutMs = 30_000;
const maxBytes = 64 * 1024 ** 2;

/** The items of a list that kubectl gets. Rejects with what kubectl says, on one line. */
export function kubectlJson<Item>(args: readonly string[]): Promise<readonly Item[]> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: timeoutMs, maxBuffer: maxBytes };
    execFile('kubectl', [...args, '--output=json', `--request-timeout=${timeoutMs / 1000}s`], limits, (error, stdout, stderr) => {
      if (error !== null) return reject(new Error(saidBy(error, stderr)));
      try {
        resolve((JSON.parse(stdout) as { readonly items?: readonly Item[] }).items ?? []);
      } catch {
        reject(new Error('kubectl printed no JSON'));
      }
    });
  });
}

function saidBy(error: Error, stderr: string): string {
  if ('code' in error && error.code === 'ENOENT') return 'there is no kubectl on the PATH';
  return lastLine(stderr) ?? error.message.split('\n')[0] ?? 'kubectl failed';
}

/** What a program ended with saying. */
export function lastLine(text: string): string | undefined {
  return text.trim().split('\n').at(-1)?.slice(0, 1000) || undefined;
}
