// A client with WebSocket connections, one message under way on each, that counts the ones that come back.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { clientOptions, finish, isOver } from './client-main.ts';
import { benchHost, webSocketPath } from './peers/peer.ts';
import { clientFrame, serverFrame } from './websocket-frame.ts';

const { port, connections } = clientOptions;
const upgrade = [
  `GET ${webSocketPath} HTTP/1.1`,
  `Host: ${benchHost}`,
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

let messages = 0;
let openSockets = connections;

async function openWebSocket(): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.write(`${upgrade.join('\r\n')}\r\n\r\n`);
  const [head] = (await once(socket, 'data')) as [Buffer];
  const text = head.toString('latin1');
  if (!text.startsWith('HTTP/1.1 101') || !text.endsWith('\r\n\r\n')) throw new Error(`No WebSocket was opened: ${text.split('\r\n')[0]}`);
  return socket;
}

function exchangeMessages(socket: Socket): void {
  let read = 0;
  socket.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read < serverFrame.length) return;
    read = 0;
    messages++;
    if (!isOver()) socket.write(clientFrame);
    else if (--openSockets === 0) finish(messages);
  });
  socket.once('close', () => {
    throw new Error('A WebSocket was closed early');
  });
  socket.write(clientFrame);
}

const sockets = await Promise.all(Array.from({ length: connections }, openWebSocket));
for (const socket of sockets) exchangeMessages(socket);
