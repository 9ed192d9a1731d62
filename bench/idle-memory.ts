import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { benchHost, type Peer } from './peers/peer.ts';
import { treeRssBytes } from './process-cpu.ts';

const request = `GET / HTTP/1.1\r\nHost: ${benchHost}\r\n\r\n`;

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

/** Resident KiB that one idle keep-alive connection costs `peer`: growth of the whole process tree over `count` connections. */
export async function idleConnectionKib(peer: Peer, port: number, tls: boolean, count: number): Promise<number> {
  const warm = await Promise.all(Array.from({ length: 50 }, () => openIdle(port, tls)));
  const before = treeRssBytes(peer.pid);
  const sockets: Socket[] = [];
  for (let opened = 0; opened < count; opened += 50) {
    sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => openIdle(port, tls)))));
  }
  await delay(5000); // let the collector run and buffers shrink
  const grown = treeRssBytes(peer.pid) - before;
  for (const socket of [...warm, ...sockets]) socket.destroy();
  await delay(1000);
  return grown / 1024 / count;
}
