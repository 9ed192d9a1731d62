// The application behind the Ingress: says who it is and what it was asked. A pod mounts this file and runs it with the image's own Node.
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

const server = createServer(async (request, response) => {
  const bytes = await request.reduce((sum, chunk) => sum + chunk.length, 0);
  const [, name, milliseconds] = /^\/(slow)\/(\d+)/.exec(request.url) ?? [];
  if (name === 'slow') await delay(Number(milliseconds));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ pod: hostname(), path: request.url, headers: request.headers, bytes }));
});
// Longer than the proxy keeps idle connections.
server.keepAliveTimeout = 90_000;

// A WebSocket, as far as its opening goes; then every byte comes back.
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
});

server.listen(8080);

// A datagram comes back behind the pod's name.
const datagrams = createSocket('udp4');
datagrams.on('message', (data, { address, port }) => datagrams.send(`${hostname()} ${data}`, port, address));
datagrams.bind(5300);

// What a well-behaved backend does: it goes on until nobody sends it anything new, then finishes what it has.
process.once('SIGTERM', async () => {
  await delay(3000);
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  await delay(5000);
  process.exit(0);
});
