import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { eventually } from '../eventually.ts';

const execute = promisify(execFile);

/** What an image says of how it is run: a part of its OCI configuration. */
export interface ImageConfig {
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Env: readonly string[];
  readonly User: string;
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Volumes: Readonly<Record<string, object>>;
  readonly ExposedPorts: Readonly<Record<string, object>>;
}

export interface ContainerOptions {
  /** A bundle: its folder `rootfs` has the root file system. */
  readonly folder: string;
  readonly config: ImageConfig;
  /** Instead of the image's command. */
  readonly args: readonly string[];
  /** Folders of this machine, by the path inside where they are read. */
  readonly readable: Readonly<Record<string, string>>;
  /** What it may do beside what everybody may: none unless told. */
  readonly capabilities?: readonly string[];
  readonly network?: ContainerNetwork;
}

/** What its network has beside loopback. */
export interface ContainerNetwork {
  /** On the loopback interface, which is the only one. */
  readonly addresses: readonly string[];
  /** Settings of the kernel for this network. */
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * A container run by runc as a strict cluster would run it: the image's own user, a root file system that is read-only, no capability, no
 * new privileges, a network of its own with loopback alone; memory for the image's volumes.
 */
export class OciContainer implements AsyncDisposable {
  readonly id: string;
  /** What it wrote, line by line. */
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #pidFile: string;

  constructor(options: ContainerOptions) {
    const { folder } = options;
    this.id = `smartproxy-image-${process.pid}`;
    this.#pidFile = join(folder, 'pid');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'config.json'), JSON.stringify(runtimeSpec(options, `/${this.id}`)));
    this.#process = spawn('runc', ['run', '--bundle', folder, '--pid-file', this.#pidFile, this.id], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const input of [this.#process.stdout, this.#process.stderr]) {
      if (input !== null) createInterface({ input }).on('line', (line) => this.lines.push(line));
    }
  }

  /** The process id of its first process, as this machine counts. */
  pid(): Promise<number> {
    return eventually('the container has begun', () => {
      if (this.#process.exitCode !== null) throw new Error(`runc ended with ${this.#process.exitCode}: ${this.lines.join('\n')}`);
      return Number(readFileSync(this.#pidFile, 'utf8'));
    });
  }

  /** Sends SIGTERM and waits; the exit status. */
  async stop(): Promise<number | null> {
    const exited = once(this.#process, 'exit');
    await execute('runc', ['kill', this.id, 'TERM']);
    await exited;
    return this.#process.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await execute('runc', ['delete', '--force', this.id]);
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'exit');
  }
}

function runtimeSpec({ config, args, readable, capabilities = [], network }: ContainerOptions, cgroupsPath: string): object {
  const [uid = 0, gid = 0] = config.User.split(':').map(Number);
  const memory = (destination: string, ...options: readonly string[]) => ({
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'nodev', 'noexec', ...options],
  });
  return {
    ociVersion: '1.0.2',
    root: { path: 'rootfs', readonly: true },
    process: {
      user: { uid, gid },
      args: [...config.Entrypoint, ...args],
      env: config.Env,
      cwd: config.WorkingDir,
      capabilities: { bounding: capabilities, effective: capabilities, inheritable: [], permitted: capabilities, ambient: [] },
      noNewPrivileges: true,
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755'] },
      ...Object.keys(config.Volumes).map((path) => memory(path, 'mode=700', `uid=${uid}`, `gid=${gid}`)),
      ...Object.entries(readable).map(([destination, source]) => ({ destination, type: 'bind', source, options: ['bind', 'ro'] })),
    ],
    // Run in its network before the program, and found on this machine.
    hooks: { createContainer: (network?.addresses ?? []).map((address) => shell(`ip address add ${address}/32 dev lo`)) },
    linux: {
      cgroupsPath,
      sysctl: network?.settings ?? {},
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
    },
  };
}

function shell(command: string): object {
  return { path: '/bin/sh', args: ['sh', '-c', command], env: [`PATH=${process.env.PATH}`] };
}
