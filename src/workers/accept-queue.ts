import { readFileSync } from 'node:fs';

/**
 * How many connections wait in the accept queues of the listening sockets with these inodes (Linux; elsewhere 0). In
 * `/proc/net/tcp` a listening socket (state 0A) shows its queue's length as the receive queue.
 */
export function queuedConnections(inodes: ReadonlySet<number>): number {
  let queued = 0;
  for (const file of ['/proc/self/net/tcp', '/proc/self/net/tcp6']) queued += countQueued(readOrEmpty(file), inodes);
  return queued;
}

function countQueued(text: string, inodes: ReadonlySet<number>): number {
  let queued = 0;
  for (const line of text.split('\n')) {
    // sl, local, remote, state, tx_queue:rx_queue, timer, retransmits, uid, timeout, inode
    const fields = line.trim().split(/\s+/);
    if (fields[3] !== '0A' || !inodes.has(Number(fields[9]))) continue;
    queued += Number.parseInt(fields[4]?.split(':')[1] ?? '0', 16);
  }
  return queued;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
