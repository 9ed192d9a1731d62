import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { benchHost, type Peer } from './peers/peer.ts';
import { processTree, treeRssBytes } from './process-tree.ts';
import type { Figure } from './report.ts';

const request = `GET / HTTP/1.1\r\nHost: ${benchHost}\r\n\r\n`;
/** Lets collectors run and buffers shrink. */
const settleMs = 5000;

export type ConnectionKind = 'plain' | 'TLS';

/** Resident memory of freshly started peers at rest. */
export async function memoryAtRest(peers: readonly Peer[]): Promise<readonly Figure[]> {
  await delay(settleMs);
  const figures: Figure[] = peers.map((peer) => ({ name: `${peer.name}, at rest`, unit: 'MiB', value: treeRssBytes(peer.pid) / 2 ** 20 }));
  const ours = peers.find(({ name }) => name === 'smartproxy');
  const worker = ours && processTree(ours.pid)[1];
  if (worker !== undefined) figures.push({ name: 'smartproxy, worker at rest', unit: 'MiB', value: treeRssBytes(worker) / 2 ** 20 });
  return figures;
}

/** The growth that idle connections cause in freshly started peers: what an earlier kind left free would be used again, and not be seen. */
export async function idleMemory(peers: readonly Peer[], kind: ConnectionKind, count: number): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const peer of peers) {
    const value = await idleConnectionKib(peer, kind === 'TLS', count);
    figures.push({ name: `${peer.name}, ${kind}`, unit: 'KiB', value });
  }
  return figures;
}

/** Opens a connection, makes one request and leaves it idle. */
function openIdle(port: number, tls: boolean): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = tls
      ? connectTls({ port, host: '127.0.0.1', servername: benchHost, rejectUnauthorized: false })
      : connect(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once(tls ? 'secureConnect' : 'connect', () => socket.write(request));
    socket.once('data', () => resolve(socket));
  });
}

/**
 * Resident KiB that one idle keep-alive connection costs `peer`: growth of the whole process tree over `count` connections. As many are there
 * before, so that what grows once, such as V8's young generation, does not count (with half as many, TLS measured 5 KiB more).
 */
async function idleConnectionKib(peer: Peer, tls: boolean, count: number): Promise<number> {
  const port = tls ? peer.httpsPort : peer.httpPort;
  const sockets = await openMany(count, port, tls);
  await delay(settleMs);
  const before = treeRssBytes(peer.pid);
  sockets.push(...(await openMany(count, port, tls)));
  await delay(settleMs);
  const grown = treeRssBytes(peer.pid) - before;
  for (const socket of sockets) socket.destroy();
  await delay(1000);
  return grown / 1024 / count;
}

/** Fifty at a time. */
async function openMany(count: number, port: number, tls: boolean): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => openIdle(port, tls)))));
  return sockets;
}
