import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { messageOf } from '../../../src/errors.ts';
import { eventually } from '../eventually.ts';
import { get } from '../get.ts';
import { ingressClass } from '../manifests.ts';
import { RunningCommand, temporaryFolder } from '../running-command.ts';
import { type ProcessState, probeEnvironment, probeProcess, residentBytes } from './process-probe.ts';

/** Resident memory of every process at one moment, garbage included. */
export interface MemorySample {
  readonly atMs: number;
  readonly residentBytes: Readonly<Record<string, number>>;
}

/** The command under soak: real worker processes, a folder as its source, and a probe in each process. */
export class SoakedProgram {
  readonly command: RunningCommand;
  readonly folder: string;
  readonly http: number;
  readonly https: number;
  readonly status: number;
  readonly admin: number;
  readonly samples: MemorySample[] = [];
  readonly #probes: string;

  private constructor(command: RunningCommand, folder: string, probes: string, ports: readonly number[]) {
    this.command = command;
    this.folder = folder;
    this.#probes = probes;
    [this.http = 0, this.https = 0, this.status = 0, this.admin = 0] = ports;
  }

  /** Starts with a folder that holds nothing but the IngressClass. */
  static async start(t: TestContext, workers: number): Promise<SoakedProgram> {
    const [folder, probes, state] = [await temporaryFolder(t), await temporaryFolder(t), await temporaryFolder(t)];
    await writeFile(join(folder, 'class.yaml'), ingressClass);
    const ports = ['--http-port=0', '--https-port=0', '--status-port=0', '--admin-port=0'];
    const addresses = ['--address=127.0.0.1', '--status-address=127.0.0.1'];
    // A machine that is busy with other things must not turn answers into 503s: overload has tests of its own.
    const calm = ['--overload-delay=off', '--overload-memory=0'];
    const args = ['run', `--workers=${workers}`, ...addresses, ...ports, ...calm, '--state-dir', state, '--manifests', folder];
    const command = new RunningCommand(t, args, probeEnvironment(probes));
    const bound = [await command.port('http'), await command.port('https'), await command.port('status'), await command.port('admin')];
    const program = new SoakedProgram(command, folder, probes, bound);
    await command.until(() => program.workerPids.size === workers);
    return program;
  }

  /** The process that serves in each slot now. */
  get workerPids(): ReadonlyMap<number, number> {
    const serves = this.command.log.filter(({ msg }) => msg === 'worker serves');
    return new Map(serves.map(({ worker, pid }) => [Number(worker), Number(pid)]));
  }

  /** The worker that owns each connection, by the client's port. */
  async owners(): Promise<ReadonlyMap<number, number>> {
    const { body } = await get(this.admin, 'localhost', '/debug/connections?limit=100000');
    const connections = JSON.parse(body) as readonly { readonly remotePort: number; readonly worker: number }[];
    return new Map(connections.map(({ remotePort, worker }) => [remotePort, worker]));
  }

  /** kill -9; resolves when another process serves in its place. */
  async killWorker(slot: number): Promise<void> {
    const pid = this.workerPids.get(slot) ?? 0;
    process.kill(pid, 'SIGKILL');
    await eventually(`worker ${slot} is replaced`, () => this.workerPids.get(slot) !== pid);
  }

  /** What every process holds on to, after its garbage was collected: by `main`, `worker 0` ... */
  async states(): Promise<ReadonlyMap<string, ProcessState>> {
    const states = new Map<string, ProcessState>();
    for (const [name, pid] of this.#pids) {
      states.set(
        name,
        await probeProcess(this.#probes, pid).catch((error) => assert.fail(`${name}: ${messageOf(error)}\n${this.#complaints}`)),
      );
    }
    return states;
  }

  /** What the program had to say that is no routine. */
  get #complaints(): string {
    const { log, output } = this.command;
    const lines = log.filter(({ level }) => level === 'error' || level === 'warn').slice(-20);
    return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n${output.slice(-2000)}`;
  }

  sample(): void {
    const bytes = [...this.#pids].map(([name, pid]): [string, number] => [name, residentBytes(pid)]);
    this.samples.push({ atMs: performance.now(), residentBytes: Object.fromEntries(bytes) });
  }

  get #pids(): ReadonlyMap<string, number> {
    const main = this.command.child.pid ?? 0;
    return new Map([['main', main], ...[...this.workerPids].map(([slot, pid]): [string, number] => [`worker ${slot}`, pid])]);
  }
}
