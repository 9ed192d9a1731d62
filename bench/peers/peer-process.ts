import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { benchHost, type Mode, manyHosts, seenTraceparent, uploadPath } from './peer.ts';

/** How to start a program and when it counts as started. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** All of them must be free before and accept after. */
  readonly ports: readonly number[];
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where its standard output is appended; default: nowhere. */
  readonly outputFile?: string;
}

export type RunningProcess = ChildProcess & { readonly pid: number };

/** With 10,000 hosts some read their configuration for a while. */
const startTimeoutMs = 60_000;
const pollMs = 100;

/**
 * Starts a program and waits until all its ports accept. Ports that accept already belong to somebody else, most likely to another run
 * of this benchmark: it would be measured, and disturbed, instead.
 */
export async function startProcess(launch: Launch): Promise<RunningProcess> {
  const { command, args, ports, env, outputFile } = launch;
  for (const port of ports) if (await accepts(port)) throw new Error(`Cannot start ${command}: port ${port} is taken`);
  const output = outputFile === undefined ? 'ignore' : openSync(outputFile, 'a');
  const child = spawn(command, args, { stdio: ['ignore', output, 'inherit'], env: { ...process.env, ...env } });
  if (typeof output === 'number') closeSync(output);
  // A run that is interrupted leaves nothing behind.
  const onExit = (): void => void child.kill();
  process.once('exit', onExit);
  child.once('exit', () => process.off('exit', onExit));
  await once(child, 'spawn');
  const running = child as RunningProcess;
  for (const port of ports) await until(running, `port ${port} does not accept`, () => accepts(port));
  return running;
}

/** Starts a proxy and waits until its HTTP port answers with the backend's 200, which may be later than that it accepts. */
export async function startProxy(launch: Launch, mode: Mode): Promise<RunningProcess> {
  const child = await startProcess(launch);
  const [port = 0] = launch.ports;
  const host = mode === 'many-hosts' ? (manyHosts.at(-1) ?? '') : benchHost;
  await until(child, `port ${port} does not answer 200 for ${host}`, async () => (await answer(port, host, '/'))?.statusCode === 200);
  if (mode === 'tracing' && (await answer(port, host, uploadPath))?.headers[seenTraceparent] === undefined) {
    await stopProcess(child);
    throw new Error(`Cannot use ${launch.command}: it adds no traceparent`);
  }
  return child;
}

/** Ends a process of ours and waits for it. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await once(child, 'exit');
  clearTimeout(timer);
}

/** Polls `isDone`; ends the process and throws when it takes too long or the process ends. */
async function until(child: RunningProcess, complaint: string, isDone: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + startTimeoutMs;
  while (performance.now() < deadlineMs) {
    if (child.exitCode !== null) throw new Error(`Cannot start ${child.spawnfile}: it exited with ${child.exitCode}`);
    if (await isDone()) return;
    await delay(pollMs);
  }
  await stopProcess(child);
  throw new Error(`Cannot start ${child.spawnfile}: ${complaint} after ${startTimeoutMs / 1000} s`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function answer(port: number, host: string, path: string): Promise<IncomingMessage | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, headers: { host }, agent: false }, (response) => {
      response.resume();
      resolve(response);
    });
    request.once('error', () => resolve(undefined));
  });
}
