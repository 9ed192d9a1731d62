import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, cpSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { adminToken, type ControlPlane } from '../control-plane.ts';
import { eventually } from '../eventually.ts';
import { builtPrograms, readGoBuild } from '../go-build.ts';

const run = promisify(execFile);
const build = readGoBuild('cert-manager');
const crds = ['certificaterequests', 'certificates', 'issuers', 'clusterissuers'].map((name) => `${name}.cert-manager.io`);
const acmeCrds = ['challenges', 'orders'].map((name) => `${name}.acme.cert-manager.io`);

/** The folder of its controllers and, in `crds`, of its CustomResourceDefinitions: built once. */
export async function certManagerFolder(): Promise<string> {
  const bin = await builtPrograms(build);
  const folder = join(bin, 'crds');
  if (existsSync(folder)) return bin;
  const { stdout } = await run('go', ['list', '-m', '-f', '{{.Dir}}', 'github.com/cert-manager/cert-manager'], { cwd: build.folder });
  cpSync(join(stdout.trim(), 'deploy/crds'), folder, { recursive: true });
  return bin;
}

/** The controllers of cert-manager on a control plane, as its administrator: no more than what makes certificates by ACME over HTTP. */
export class CertManager {
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(folder: string, child: ChildProcess) {
    this.#folder = folder;
    this.#child = child;
  }

  /** @param nameserver `address:port` where names are looked up before the CA is told to look */
  static async start(t: TestContext, plane: ControlPlane, nameserver: string): Promise<CertManager> {
    const bin = await certManagerFolder();
    await plane.kubectl('apply', '--server-side', ...['-f', join(bin, 'crds')]);
    await plane.crdsEstablished(...[...crds, ...acmeCrds].map((name) => `crd/${name}`));
    const log = openSync(join(plane.folder, 'cert-manager.log'), 'a');
    const args = ['-cluster', plane.kubeconfig(adminToken), '-nameserver', nameserver];
    const child = spawn(join(bin, 'cert-manager'), args, { stdio: ['ignore', 'pipe', log] });
    closeSync(log);
    t.after(() => child.kill('SIGKILL'));
    const manager = new CertManager(plane.folder, child);
    let runs = false;
    child.stdout?.once('data', () => {
      runs = true;
    });
    await eventually('cert-manager runs', () => {
      if (manager.#child.exitCode !== null) throw new Error(manager.log.slice(-2000));
      return runs;
    });
    return manager;
  }

  /** What it wrote to its log. */
  get log(): string {
    return readFileSync(join(this.#folder, 'cert-manager.log'), 'utf8');
  }
}
