import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installDebianPackages } from '../../test/tools/debian-packages.ts';
import { kernelForwardingPackages } from '../../test/tools/kernel-forwarding.ts';
import { buildBundle } from '../../tools/build-bundle.ts';
import type { Effort } from '../measure.ts';
import type { Figure } from '../report.ts';

const namespaces = ['--net', '--mount', '--mount-proc', '--pid', '--fork', '--kill-child'];

/** Measures an L4 case between three machines that are network namespaces: client, proxy, servers. Takes root, as the kernel's rules do. */
export async function measureInNetwork(name: string, effort: Effort): Promise<readonly Figure[]> {
  await installDebianPackages([...kernelForwardingPackages, 'haproxy', 'nginx', 'libnginx-mod-stream']);
  const bundle = join(import.meta.dirname, '../../dist');
  await buildBundle(bundle);
  const dir = mkdtempSync(join(tmpdir(), 'smartproxy-l4-'));
  try {
    const inner = ['sh', '-c', 'ip link set lo up && exec "$0" "$@"', process.execPath, join(import.meta.dirname, 'measure-main.ts')];
    const args = [...namespaces, ...inner, name, dir, join(bundle, 'main.js'), JSON.stringify(effort)];
    const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`Cannot measure ${name}: the case ended with ${code}`);
    return JSON.parse(output.trim().split('\n').at(-1) ?? '[]') as readonly Figure[];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
