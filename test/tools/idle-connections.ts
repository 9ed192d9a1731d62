import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

/** Descriptors that neither we nor the worker have for clients: pipes, listeners, connections to the backend. */
export const reserved = 600;
const mostDescriptors = 20_000;

/** With CI=true it is a failure to have fewer than the tests are about. */
export function descriptorLimit(): number {
  const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  const descriptors = Math.min(Number(limit ?? 1024), mostDescriptors);
  if (process.env.CI === 'true') assert.equal(descriptors, mostDescriptors, 'raise the limit of descriptors (ulimit -n)');
  return descriptors;
}

export function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

export interface IdleOptions {
  /** What is answered. @default a request over HTTP/1.1 */
  readonly saying?: string;
  /** What each connection is opened with over TLS; undefined: without. */
  readonly tls?: ConnectionOptions | undefined;
  /** @default 100 */
  readonly atATime?: number;
}

/** Connections that have had an answer each to what they say first, from addresses of their own so that no port has to be used twice. */
export async function openIdle(port: number, count: number, localAddress: string, options: IdleOptions = {}): Promise<Socket[]> {
  const { saying = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', tls, atATime = 100 } = options;
  const to = { port, host: '127.0.0.1', localAddress };
  const sockets: Socket[] = [];
  const open = async () => {
    const socket = tls === undefined ? connect(to) : connectTls({ ...to, ...tls });
    socket.on('error', () => {});
    socket.write(saying);
    await new Promise<void>((resolve, reject) => {
      socket.once('data', () => resolve());
      socket.once('close', () => reject(new Error(`the connection ended without an answer, after ${sockets.length} others`)));
    });
    sockets.push(socket);
  };
  while (sockets.length < count) await Promise.all(Array.from({ length: Math.min(atATime, count - sockets.length) }, open));
  return sockets;
}

/**
 * Fails unless one of five rounds has at most a tenth more memory than the one before it. A collector that is late catches up; what is never given
 * back grows every time by as much as the first.
 * @param firstKib memory in the first round
 * @param round fills once more, and resolves to the memory then
 */
export async function assertMemorySettles(firstKib: number, round: () => Promise<number>): Promise<void> {
  const kibs = [firstKib];
  for (let count = 0; count < 5; count++) {
    const before = kibs.at(-1) ?? 0;
    const kib = await round();
    if (kib <= before * 1.1) return;
    kibs.push(kib);
  }
  assert.fail(`memory grows every time: ${kibs.join(', ')} KiB`);
}

/** Ends them with a reset: what waits in TIME_WAIT would keep the ports that they were bound to from the next test for a minute. */
export function leave(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.resetAndDestroy();
}
