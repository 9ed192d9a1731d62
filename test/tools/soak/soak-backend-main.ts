// The process of a SoakBackend. The last part of the path says what is asked for, the query how:
// body (an answer of `bytes` from `offset`), hold (never answered), endless (never over), sse, and upgrades, which are echoed.
import { createHash } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { answerGrpc } from './grpc-service.ts';
import { bytesOf, pieceAt } from './payload.ts';
import { eventText, stampNames, webSocketAccept } from './stamps.ts';

const [name = '', protocol = 'http1'] = process.argv.slice(2);
const stepMs = 40;
const stepBytes = 2048;

function stamps(request: IncomingMessage): Record<string, string> {
  return {
    [stampNames.backend]: name,
    [stampNames.ask]: String(request.headers[stampNames.ask] ?? ''),
    [stampNames.saw]: `${request.method} ${request.headers.host} ${request.url}`,
  };
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://backend');
  const number = (key: string): number => Number(searchParams.get(key) ?? 0);
  const operation = pathname.slice(pathname.lastIndexOf('/') + 1);
  switch (operation) {
    case 'hold':
      response.writeEarlyHints({ link: '</held>; rel=preload' });
      break;
    case 'endless':
      response.writeHead(200, stamps(request));
      drip(response, (step) => bytesOf(pieceAt(number('offset') + step * stepBytes, stepBytes)));
      break;
    case 'sse':
      response.writeHead(200, { ...stamps(request), 'content-type': 'text/event-stream' });
      drip(response, (step) => `id: ${step}\ndata: ${eventText(name, step)}\n\n`);
      break;
    default:
      answerBody(request, response, { status: number('status'), offset: number('offset'), bytes: number('bytes') });
  }
}

/** Writes a piece every few milliseconds until the client leaves; a client that does not read is waited for. */
function drip(response: ServerResponse, piece: (step: number) => string | Buffer): void {
  let step = 0;
  const timer = setInterval(() => {
    if (!response.writableNeedDrain) response.write(piece(step++));
  }, stepMs);
  response.once('close', () => clearInterval(timer));
}

function answerBody(request: IncomingMessage, response: ServerResponse, asked: { status: number; offset: number; bytes: number }): void {
  const hash = createHash('sha1');
  let received = 0;
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
    hash.update(chunk);
  });
  request.once('end', () => {
    const body = bytesOf(asked);
    const framing = asked.bytes % 2 === 0 ? { 'content-length': String(asked.bytes) } : {};
    response.writeHead(asked.status, { ...stamps(request), [stampNames.received]: `${received} ${hash.digest('hex')}`, ...framing });
    // In two pieces, so that answers come in more than one read.
    response.write(body.subarray(0, asked.bytes >> 1));
    response.end(body.subarray(asked.bytes >> 1));
  });
}

function listening(): Server {
  if (protocol === 'grpc') {
    const server = createHttp2Server();
    server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => answerGrpc(name, stream, headers));
    return server;
  }
  const server = createHttpServer({ keepAliveTimeout: 300_000, requestTimeout: 0 }, answer);
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const lines = Object.entries(stamps(request)).map(([key, value]) => `${key}: ${value}\r\n`);
    const accept = webSocketAccept(String(request.headers['sec-websocket-key']));
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${lines.join('')}`);
    socket.write(`Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
    if (head.length > 0) socket.write(head);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  return server;
}

const server = listening();
const sockets = new Set<Socket>();
server.on('connection', (socket: Socket) => {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('message', () => process.send?.(sockets.size));
process.once('disconnect', () => process.exit(0));
