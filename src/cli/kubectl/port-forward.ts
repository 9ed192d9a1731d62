import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { SmartProxyError } from '../../errors.ts';
import { lastLine } from './kubectl.ts';

/** A port of this machine that leads to one of a pod. */
export interface PortForward {
  readonly port: number;
  /** Ends it; resolves when it is gone. */
  close(): Promise<void>;
}

/**
 * kubectl as a child of a shell that ends it as soon as our end of a pipe is closed: also when this process is killed and can do nothing any
 * more. The shell ends when kubectl does.
 */
const guarded = 'exec 3<&0; kubectl "$@" & child=$!; { cat <&3 >&2; kill "$child" 2>&-; } & wait "$child"';

const openTimeoutMs = 30_000;

/** `kubectl port-forward` to a port of a pod, on a free port of 127.0.0.1. Throws ADMIN_UNREACHABLE with what kubectl says. */
export async function forwardPort(cluster: readonly string[], namespace: string, pod: string, port: string): Promise<PortForward> {
  const args = [...cluster, '--namespace', namespace, 'port-forward', '--address', '127.0.0.1', `pod/${pod}`, `:${port}`];
  const child = spawn('/bin/sh', ['-c', guarded, 'sh', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const gone = once(child, 'close');
  const said = { out: '', error: '' };
  const opened = Promise.withResolvers<number>();
  child.stdin.on('error', () => {});
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out = (said.out + text).slice(-10_000);
    const [, local] = /Forwarding from 127\.0\.0\.1:(\d+) /.exec(said.out) ?? [];
    if (local !== undefined) opened.resolve(Number(local));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.error = (said.error + text).slice(-10_000);
  });
  const fail = (why: string): void =>
    opened.reject(
      new SmartProxyError(
        'ADMIN_UNREACHABLE',
        `Cannot reach port ${port} of the pod ${namespace}/${pod}: ${why}; it takes create of pods/portforward in ${namespace}`,
      ),
    );
  child.once('error', ({ message }) => fail(message));
  child.once('close', () => fail(lastLine(said.error) ?? 'kubectl port-forward ended'));
  const timer = setTimeout(() => fail(`kubectl port-forward did not begin within ${openTimeoutMs / 1000} s`), openTimeoutMs);
  const close = async (): Promise<void> => {
    child.stdin.end();
    await gone.catch(() => {});
  };
  try {
    return { port: await opened.promise, close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
