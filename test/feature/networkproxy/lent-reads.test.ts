import assert from 'node:assert/strict';
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { ecCertificate } from '../../tools/table-certificate.ts';
import { Harness } from './harness.ts';

/** More than the kernel buffers for a connection that nobody reads. */
const bodyBytes = 24 * 2 ** 20;
const pieceBytes = 2 ** 20;
const pieces = bodyBytes / pieceBytes;

/** Every four bytes of a body are another number, which begins with its letter: a byte that is out of place shows. */
function piece(letter: string, index: number): Buffer {
  const words = new Uint32Array(pieceBytes / 4);
  const start = letter.charCodeAt(0) * 2 ** 24 + index * words.length;
  for (let i = 0; i < words.length; i++) words[i] = start + i;
  return Buffer.from(words.buffer);
}

/** Answers `GET /<letter>` with that body and keeps the connection; in chunks of 1 MiB for capital letters. */
async function bulkBackend(): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (request: Buffer) => {
      const letter = request.toString('latin1', 5, 6);
      const isChunked = letter < 'a';
      socket.write(`HTTP/1.1 200 OK\r\n${isChunked ? 'transfer-encoding: chunked' : `content-length: ${bodyBytes}`}\r\n\r\n`);
      for (let index = 0; index < pieces; index++) {
        if (isChunked) socket.write(`${pieceBytes.toString(16)}\r\n`);
        socket.write(piece(letter, index));
        if (isChunked) socket.write('\r\n');
      }
      if (isChunked) socket.write('0\r\n\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Asks twice on one connection, the second time for its end, and stops to read now and then. */
async function download(socket: Socket, letter: string, stalls: boolean): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const whole = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('end', resolve);
    socket.on('data', (chunk: Buffer) => {
      if (chunks.push(chunk) % 50 !== 0 || !stalls) return;
      socket.pause();
      setTimeout(() => socket.resume(), 20);
    });
  });
  const ask = `GET /${letter} HTTP/1.1\r\nHost: a.example\r\n`;
  socket.write(`${ask}\r\n${ask}Connection: close\r\n\r\n`);
  await whole;
  return Buffer.concat(chunks);
}

/** The body of the answer that begins at `from`, and where it ends. */
function readBody(bytes: Buffer, from: number, letter: string): readonly [body: Buffer, end: number] {
  const start = bytes.indexOf('\r\n\r\n', from, 'latin1') + 4;
  if (letter >= 'a') return [bytes.subarray(start, start + bodyBytes), start + bodyBytes];
  const parts: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1');
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    at = lineEnd + 4 + size;
    if (size === 0) return [Buffer.concat(parts), at];
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
  }
}

function assertBodies(bytes: Buffer, letter: string): void {
  let at = 0;
  for (const answer of [1, 2]) {
    const [body, end] = readBody(bytes, at, letter);
    for (let index = 0; index < pieces; index++) {
      const received = body.subarray(index * pieceBytes, (index + 1) * pieceBytes);
      assert.ok(received.equals(piece(letter, index)), `/${letter}, answer ${answer}, MiB ${index}`);
    }
    assert.equal(body.length, bodyBytes);
    at = end;
  }
  assert.equal(at, bytes.length);
}

for (const protocol of ['http', 'https'] as const) {
  test(`bulk to several ${protocol} clients at once, fast and slow, arrives as it was sent, on connections that are used again`, async () => {
    const backend = await bulkBackend();
    await using cleanup = new AsyncDisposableStack();
    cleanup.defer(() => void backend.close());
    const { port } = backend.address() as AddressInfo;
    await using harness = await Harness.start({
      protocol,
      certificates: [await ecCertificate('t/a', 'a.example')],
      routes: [{ host: 'a.example', endpoints: [port], tls: { kind: 'terminate', certificates: ['t/a'] } }],
    });
    const target = { host: '127.0.0.1', port: harness.port };
    const sockets = [...'abcABC'].map((letter) => {
      const tls = { ...target, servername: 'a.example', rejectUnauthorized: false };
      return [letter, protocol === 'http' ? connectTcp(target) : connectTls(tls)] as const;
    });
    const downloads = sockets.map(([letter, socket]) => download(socket, letter, !'aA'.includes(letter)));
    for (const [i, bytes] of (await Promise.all(downloads)).entries()) assertBodies(bytes, sockets[i]?.[0] ?? '');
    assert.equal(harness.counters.upstreamConnects, sockets.length);
  });
}
