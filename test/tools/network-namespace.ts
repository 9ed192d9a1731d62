import { spawn, spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { test } from 'node:test';
import { debianPackagesObstacle, installDebianPackages } from './debian-packages.ts';

const marker = 'SMARTPROXY_TEST_NAMESPACE';

function unshareArguments(): readonly string[] {
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return [...asRoot, '--net', '--mount', '--mount-proc', '--pid', '--fork', '--kill-child'];
}

/** Why this machine can't make private network namespaces; undefined when it can. */
function obstacle(): string | undefined {
  const probe = spawnSync('unshare', [...unshareArguments(), 'ip', 'link', 'set', 'lo', 'up'], { encoding: 'utf8' });
  if (probe.error !== undefined) return `unshare cannot be run: ${probe.error.message}`;
  return probe.status === 0 ? undefined : `no private network namespace on this machine: ${probe.stderr.trim()}`;
}

/**
 * Runs the tests of a file in a network namespace of their own, where `addresses` (pod addresses such as 10.244.0.10) exist and
 * nothing leads outside: an API server takes no loopback addresses as endpoints. Outside of the namespace it registers one test that
 * runs the file again inside; inside it calls `define`. A machine that can't is a named skip, and a failure with CI=true.
 * @param packages of Debian, installed before
 */
export function insideNamespace(file: string, addresses: readonly string[], define: () => void, packages: readonly string[] = []): void {
  if (process.env[marker] === '1') {
    define();
    return;
  }
  const reason = obstacle() ?? debianPackagesObstacle(packages);
  const skip = reason !== undefined && process.env.CI !== 'true' ? reason : false;
  test(`${basename(file)} in a private network namespace`, { skip }, async () => {
    if (reason !== undefined) throw new Error(`${reason} (with CI=true this is a failure)`);
    await installDebianPackages(packages);
    const code = await runInside(file, addresses);
    if (code !== 0) throw new Error(`tests inside the namespace failed (${code}); their report is above`);
  });
}

async function runInside(file: string, addresses: readonly string[]): Promise<number | null> {
  const script = ['set -e', 'ip link set lo up', ...addresses.map((address) => `ip addr add ${address}/32 dev lo`), 'exec "$0" "$@"'];
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const node = [process.execPath, '--test-reporter=spec', file];
  const child = spawn('unshare', [...unshareArguments(), 'sh', '-c', script.join('\n'), ...node], {
    env: { ...env, [marker]: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Standard output of a test file is the runner's own channel: what the inner run says goes to standard error.
  child.stdout.pipe(process.stderr, { end: false });
  child.stderr.pipe(process.stderr, { end: false });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code));
  });
}
