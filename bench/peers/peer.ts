import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A proxy under measurement with one worker: the same hosts, certificate and backends as every other peer. */
export interface Peer {
  readonly name: string;
  /** Root of its process tree: CPU and memory are summed over it. */
  readonly pid: number;
  readonly httpPort: number;
  readonly httpsPort: number;
  stop(): Promise<void>;
}

/** What every peer proxies to, and with what it serves TLS. */
export interface PeerSetup {
  /** A folder of the bench's own for configuration and logs. */
  readonly dir: string;
  readonly backendHttpPort: number;
  readonly backendHttpsPort: number;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** The host that is terminated (clients resolve it by themselves) and the one that is passed through. */
export const benchHost = 'localhost';
export const passthroughHost = 'passthrough.bench.test';

/**
 * Starts a program and waits until all its ports accept. Ports that accept already belong to somebody else, most likely to another run
 * of this benchmark: it would be measured, and disturbed, instead.
 */
export async function startProcess(
  command: string,
  args: readonly string[],
  ports: readonly number[],
): Promise<ChildProcess & { pid: number }> {
  for (const port of ports) if (await accepts(port)) throw new Error(`Cannot start ${command}: port ${port} is taken`);
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await once(child, 'spawn');
  for (const port of ports) await waitForPort(port, child);
  return child as ChildProcess & { pid: number };
}

/** Ends a process of ours and waits for it. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await once(child, 'exit');
  clearTimeout(timer);
}

async function waitForPort(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`Cannot start ${child.spawnfile}: it exited with ${child.exitCode}`);
    if (await accepts(port)) return;
    await delay(100);
  }
  throw new Error(`Cannot start ${child.spawnfile}: port ${port} does not accept after 20 s`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
