import { createSocket, type Socket } from 'node:dgram';

/** The address of a Service; undefined when there is none. */
export type FindService = (namespace: string, name: string) => Promise<string | undefined>;

const typeA = 1;
const nameError = 3;

/**
 * A cluster's name server as far as the tests need one: `<service>.<namespace>.svc.cluster.local` over UDP (RFC 1035). Other names do not
 * exist.
 */
export async function serveServiceNames(address: string, find: FindService): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', async (query, peer) => {
    socket.send(await answer(query, find), peer.port, peer.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(53, address, resolve);
  });
  return socket;
}

async function answer(query: Buffer, find: FindService): Promise<Buffer> {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  const question = query.subarray(12, at + 5);
  const type = query.readUInt16BE(at + 1);
  const [name = '', namespace = '', ...domain] = labels;
  const address = domain.join('.') === 'svc.cluster.local' ? await find(namespace, name) : undefined;
  const hasRecord = address !== undefined && type === typeA;
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  // An authoritative answer; recursion as it was asked for, and available.
  head.writeUInt16BE(0x8480 | (query.readUInt16BE(2) & 0x0100) | (address === undefined ? nameError : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(hasRecord ? 1 : 0, 6);
  if (!hasRecord) return Buffer.concat([head, question]);
  const record = Buffer.from([0xc0, 12, 0, typeA, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)]);
  return Buffer.concat([head, question, record]);
}
