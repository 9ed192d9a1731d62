// A machine of `routed-network.ts`: serves and dials, over TCP and UDP, as it is told by messages.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, isIPv6, type Socket } from 'node:net';
import type { PeerRequest } from './routed-network.ts';

const open = new Map<string, Socket | UdpSocket>();

/** Says who it is and whom it sees; then, after each piece that comes, itself again. */
function serveTcp(name: string, address: string, port: number): Promise<unknown> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const greeting = `${name} ${socket.remoteAddress}`;
    socket.write(greeting);
    socket.on('data', (data) => socket.write(`${greeting} ${data}`));
    socket.on('end', () => socket.end());
    socket.on('error', () => {});
  });
  server.listen(port, address);
  return once(server, 'listening');
}

async function serveUdp(name: string, address: string, port: number): Promise<void> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  socket.on('message', (data, from) => socket.send(`${name} ${from.address} ${data}`, from.port, from.address));
  socket.bind(port, address);
  await once(socket, 'listening');
}

/** The first that comes back, or why nothing does. */
function answerOf(emitter: Socket | UdpSocket, event: 'data' | 'message', timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const settle = (text: string): void => {
      clearTimeout(timer);
      emitter.removeListener(event, onData);
      emitter.removeListener('error', onError);
      emitter.removeListener('close', onClose);
      resolve(text);
    };
    const onData = (data: Buffer): void => settle(String(data));
    const onError = (error: NodeJS.ErrnoException): void => settle(String(error.code));
    const onClose = (): void => settle('closed');
    const timer = setTimeout(() => settle('silence'), timeoutMs);
    emitter.on(event, onData);
    emitter.on('error', onError);
    emitter.on('close', onClose);
  });
}

async function dialTcp({ id, host, port, timeoutMs, from }: Extract<PeerRequest, { readonly type: 'dial-tcp' }>): Promise<string> {
  const socket = connect({ host, port, ...(from !== undefined && { localAddress: from }) });
  socket.on('error', () => {});
  const greeting = await answerOf(socket, 'data', timeoutMs);
  if (id === undefined) socket.destroy();
  else open.set(id, socket);
  return greeting;
}

async function sayUdp({ id, host, port, text, timeoutMs, from }: Extract<PeerRequest, { readonly type: 'say-udp' }>): Promise<string> {
  const known = open.get(id) as UdpSocket | undefined;
  const socket = known ?? createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  if (known === undefined) {
    socket.on('error', () => {});
    open.set(id, socket);
    if (from !== undefined) await once(socket.bind(0, from), 'listening');
  }
  const answer = answerOf(socket, 'message', timeoutMs);
  socket.send(text, port, host);
  return await answer;
}

async function sayTcp(id: string, text: string, timeoutMs: number): Promise<string> {
  const socket = open.get(id) as Socket;
  if (socket.destroyed) return 'closed';
  const answer = answerOf(socket, 'data', timeoutMs);
  socket.write(text);
  return await answer;
}

function perform(request: PeerRequest): Promise<unknown> {
  switch (request.type) {
    case 'serve-tcp':
      return serveTcp(request.name, request.address, request.port);
    case 'serve-udp':
      return serveUdp(request.name, request.address, request.port);
    case 'dial-tcp':
      return dialTcp(request);
    case 'say-tcp':
      return sayTcp(request.id, request.text, request.timeoutMs);
    case 'say-udp':
      return sayUdp(request);
  }
}

process.on('message', async ({ number, request }: { readonly number: number; readonly request: PeerRequest }) => {
  const answer = await perform(request);
  process.send?.({ number, answer: typeof answer === 'string' ? answer : '' });
});
process.once('disconnect', () => process.exit(0));
process.send?.({ number: 0, answer: 'ready' });
