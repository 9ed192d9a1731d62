import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { debianPackagesObstacle, installDebianPackages } from '../debian-packages.ts';
import { helmProgram, helmUnavailable } from '../helm-kubectl.ts';
import { imageObstacle, pauseImageArchive } from '../image/product-image.ts';
import { InsideNetwork } from '../inside-network.ts';
import { clusterPrograms } from '../kube-assets.ts';
import { ControlGroups } from './control-groups.ts';
import { NodePaths, pauseImage } from './node-config.ts';

const execute = promisify(execFile);
const packages = [
  ...['containerd', 'runc', 'containernetworking-plugins'],
  ...['nftables', 'iptables', 'conntrack', 'iproute2', 'util-linux'],
];

/** What the first program of a node is told. */
export interface NodeOrder {
  readonly folder: string;
  /** Where etcd and the Kubernetes programs are. */
  readonly programs: string;
  /** Archives to import. */
  readonly images: readonly string[];
}

const namespaces = ['--mount', '--net', '--pid', '--cgroup', '--uts', '--ipc'];

/** Why no node can be run on this machine; undefined when it can. */
export function nodeObstacle(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a Kubernetes node needs Linux and root';
  const probe = spawnSync('unshare', [...namespaces, '--fork', '--mount-proc', 'mount', '-t', 'sysfs', 'sysfs', '/sys'], {
    encoding: 'utf8',
  });
  if (probe.status !== 0) return `no namespaces for a Kubernetes node: ${probe.error?.message ?? probe.stderr.trim()}`;
  // The image that pods share their namespaces through is built here, too.
  return helmUnavailable() ?? debianPackagesObstacle(packages) ?? imageObstacle();
}

/** The folder with the node's programs, got or built unless they are there; undefined where tests on a node are skipped. */
export async function nodeForTests(): Promise<string | undefined> {
  return nodeSkip() === false ? await nodeRequisites() : undefined;
}

/** A reason to leave out tests on a node; never one with CI=true, where that is a failure. */
export function nodeSkip(): string | false {
  return process.env.CI === 'true' ? false : (nodeObstacle() ?? false);
}

/** Gets everything that a node runs: Debian's packages, helm, the pause image, Kubernetes; the folder of the last. */
async function nodeRequisites(): Promise<string> {
  await installDebianPackages(packages);
  await helmProgram();
  await pauseImageArchive(pauseImage);
  return await clusterPrograms();
}

/**
 * A real Kubernetes cluster of one node: etcd, API server, controller manager, scheduler, containerd, kubelet and kube-proxy, in namespaces
 * of their own. Nothing leads out of its network. Its files are in a temporary folder; when it stops, nothing of it is left.
 */
export class KubeNode {
  readonly network: InsideNetwork;
  /** When it was ready, after its start. */
  readonly readyMs: number;
  readonly #paths: NodePaths;
  readonly #process: ChildProcess;
  readonly #groups: ControlGroups;
  readonly #kubectl: string;
  readonly #helm: string;

  private constructor(process: ChildProcess, paths: NodePaths, groups: ControlGroups, bins: readonly [string, string], readyMs: number) {
    this.#process = process;
    this.#paths = paths;
    this.#groups = groups;
    [this.#kubectl, this.#helm] = bins;
    this.readyMs = readyMs;
    this.network = new InsideNetwork(onlyChild(onlyChild(process.pid ?? 0)));
  }

  /** Starts it with the images of these archives, and waits until its node is ready. */
  static async start(images: readonly string[]): Promise<KubeNode> {
    const programs = await nodeRequisites();
    const folder = mkdtempSync(join(tmpdir(), 'smartproxy-node-'));
    const paths = new NodePaths(folder);
    const groups = new ControlGroups(basename(folder));
    const order: NodeOrder = { folder, programs, images: [await pauseImageArchive(pauseImage), ...images] };
    // The shell puts itself into the groups, then becomes unshare. Inside, another one is the first process: it takes in orphans.
    const join_ = 'for file in $GROUPS_OF_NODE; do echo $$ > "$file"; done; exec "$@"';
    const first = '"$0" "$@" & wait $!';
    const main = [process.execPath, join(import.meta.dirname, 'node-main.ts'), JSON.stringify(order)];
    const unshare = ['unshare', ...namespaces, '--fork', '--mount-proc', '--kill-child', 'sh', '-c', first, ...main];
    const log = openSync(paths.file('node.log'), 'a');
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn('sh', ['-c', join_, 'sh', ...unshare], {
      env: { ...env, GROUPS_OF_NODE: groups.processFiles.join(' ') },
      stdio: ['ignore', 'pipe', log, 'pipe'],
    });
    const readyMs = await readiness(child, paths);
    return new KubeNode(child, paths, groups, [join(programs, 'kubectl'), await helmProgram()], readyMs);
  }

  /** kubectl as the administrator; its standard output. Throws with what it said. */
  kubectl(...args: readonly string[]): Promise<string> {
    return this.#run(this.#kubectl, [
      '--kubeconfig',
      this.#paths.kubeconfig('admin'),
      '--cache-dir',
      this.#paths.file('kubectl-cache'),
      ...args,
    ]);
  }

  /** kubectl with `input` as its standard input. */
  kubectlWith(input: string, ...args: readonly string[]): Promise<string> {
    return this.#run(this.#kubectl, ['--kubeconfig', this.#paths.kubeconfig('admin'), ...args], input);
  }

  /** helm as the administrator; its standard output. Throws with what it said. */
  helm(...args: readonly string[]): Promise<string> {
    return this.#run(this.#helm, [...args, '--kubeconfig', this.#paths.kubeconfig('admin')]);
  }

  /** A shell in its network, with kubectl on the path, as the administrator; its standard output. Throws with what it said. */
  shell(text: string): Promise<string> {
    const env = `export KUBECONFIG='${this.#paths.kubeconfig('admin')}' PATH='${dirname(this.#kubectl)}':"$PATH" no_proxy='*'`;
    return this.#run('sh', ['-e', '-c', `${env}\n${text}`]);
  }

  /** The object as the API server has it. */
  async get<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.kubectl('get', ...args, '--output', 'json')) as T;
  }

  /** Ends it, by the first process of its namespaces, and removes all that it made. */
  async stop(): Promise<void> {
    await end(this.#process);
    this.#groups.remove();
    rmSync(this.#paths.folder, { recursive: true, force: true });
  }

  async #run(program: string, args: readonly string[], input = ''): Promise<string> {
    const [command, ...rest] = this.network.command(program, ...args);
    const running = execute(command, rest, { maxBuffer: 64 * 1024 * 1024 });
    // One that ends without reading it says so by its status.
    running.child.stdin?.on('error', () => {});
    running.child.stdin?.end(input);
    try {
      return (await running).stdout;
    } catch (error) {
      const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string };
      throw new Error(`Cannot run ${basename(program)} ${args.join(' ')}: ${stderr}${stdout}`, { cause: error });
    }
  }
}

async function readiness(child: ChildProcess, paths: NodePaths): Promise<number> {
  for await (const line of createInterface({ input: child.stdout as Readable })) {
    const { what, afterMs } = JSON.parse(line) as { what: string; afterMs: number };
    if (what === 'ready') return afterMs;
  }
  throw new Error(`Cannot start a Kubernetes node: ${readFileSync(paths.file('node.log'), 'utf8').slice(-3000)}`);
}

/** The kernel ends everything in the namespaces when their first process ends; that one does so when it loses descriptor 3. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  process.kill(onlyChild(child.pid ?? 0), 'SIGKILL');
  await exited;
}

function onlyChild(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return Number(child);
}
