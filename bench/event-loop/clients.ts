import { once } from 'node:events';
import { get, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { benchHost } from '../peers/peer.ts';

/** What a request asks for and sends. */
export interface Ask {
  readonly port: number;
  readonly host?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
}

/** One HTTP/1.1 request on a connection of its own; resolves to the status when the whole answer is there. */
export function ask({ port, host = benchHost, path = '/', headers = {}, body }: Ask): Promise<number> {
  const options = { host: '127.0.0.1', port, path, headers: { ...headers, host }, agent: false };
  return new Promise((resolve, reject) => {
    const outgoing = body === undefined ? get(options) : request({ ...options, method: 'PUT' });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => response.resume().once('end', () => resolve(response.statusCode ?? 0)));
    outgoing.end(body);
  });
}

/** TCP connections that are open and have sent nothing yet. */
export async function openSockets(port: number, count: number): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets;
}

/** Makes a TLS handshake on an open connection and ends it; a failed one throws. */
export async function handshake(socket: Socket, servername: string = benchHost): Promise<void> {
  const secure: TLSSocket = connectTls({ socket, servername, rejectUnauthorized: false });
  await once(secure, 'secureConnect');
  secure.destroy();
}

/** HTTP/2 connections that are open. */
export async function http2Sessions(port: number, count: number): Promise<readonly ClientHttp2Session[]> {
  const open = Array.from({ length: count }, () => connectHttp2(`https://${benchHost}:${port}`, { rejectUnauthorized: false }));
  await Promise.all(open.map((session) => once(session, 'remoteSettings')));
  return open;
}

/** One GET over HTTP/2; resolves to its status when the whole answer is there. */
export function askHttp2(session: ClientHttp2Session, headers: IncomingHttpHeaders = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': '/', ...headers });
    let status = 0;
    stream.once('response', (head) => {
      status = Number(head[':status']);
    });
    stream.once('error', reject);
    stream.once('close', () => resolve(status));
    stream.resume();
  });
}
