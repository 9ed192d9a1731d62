// The process of the benchmark's backend for uploads, WebSocket and gRPC.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createHttp2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { messageFrame } from '../grpc-message.ts';
import { clientFrameBytes, serverFrame } from '../websocket-frame.ts';
import { grpcPort, sinkPort, streamMessageBytes, streamMessages, unaryMessageBytes } from './backend.ts';
import { grpcPath, seenTraceparent } from './peer.ts';

const webSocketGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Echoes WebSocket messages: all have one length, so that counting bytes is reading frames. */
function echoMessages(socket: Socket): void {
  let read = 0;
  socket.on('data', (chunk: Buffer) => {
    read += chunk.length;
    const messages = Math.floor(read / clientFrameBytes);
    read -= messages * clientFrameBytes;
    for (let message = 0; message < messages; message++) socket.write(serverFrame);
  });
  socket.on('error', () => {});
  socket.on('end', () => socket.end());
}

/** Tells how many bytes an upload had, and its traceparent. */
const sink = createServer({ keepAliveTimeout: 600_000, requestTimeout: 0 }, (request, response) => {
  let bytes = 0;
  const { traceparent } = request.headers;
  if (traceparent !== undefined) response.setHeader(seenTraceparent, traceparent);
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.once('end', () => response.end(String(bytes)));
});
sink.on('upgrade', (request, socket: Socket, head) => {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${webSocketGuid}`).digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
  socket.setNoDelay(true);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (head.length > 0) socket.unshift(head);
  echoMessages(socket);
});

const unaryAnswer = messageFrame(unaryMessageBytes);
const streamAnswer = messageFrame(streamMessageBytes);

function beginAnswer(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
}

function answerCall(stream: ServerHttp2Stream, method: string): void {
  stream.on('error', () => {});
  if (method === 'Echo') {
    beginAnswer(stream);
    stream.on('data', (chunk: Buffer) => void stream.write(chunk));
    stream.once('end', () => stream.end());
    return;
  }
  stream.resume();
  stream.once('end', () => {
    if (stream.destroyed) return; // the proxy reset it: the load is over
    beginAnswer(stream);
    if (method === 'Stream') for (let message = 1; message < streamMessages; message++) stream.write(streamAnswer);
    stream.end(method === 'Stream' ? streamAnswer : unaryAnswer);
  });
}

/** Node's default of 10 MB refuses streams with ENHANCE_YOUR_CALM when a proxy puts many calls on one connection: a backend's limit, no proxy's. */
const grpc = createHttp2Server({ maxSessionMemory: 1000 });
grpc.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
  answerCall(stream, String(headers[':path']).slice(grpcPath.length)),
);
grpc.on('sessionError', () => {});

sink.listen(sinkPort, '127.0.0.1', () => grpc.listen(grpcPort, '127.0.0.1', () => process.send?.('ready')));
process.once('disconnect', () => process.exit(0));
