import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { ecCertificate } from '../../tools/table-certificate.ts';
import { Harness } from './harness.ts';

/** More than the kernel buffers for a connection that nobody reads. */
const bodyBytes = 24 * 2 ** 20;
const pieceBytes = 2 ** 20;
const pieces = bodyBytes / pieceBytes;
/** A slow backend stands still after so much. */
const stallBytes = 2 ** 20;

/** Every four bytes of a body are another number, which begins with its letter: a byte that is out of place shows. */
function piece(letter: string, index: number): Buffer {
  const words = new Uint32Array(pieceBytes / 4);
  const start = letter.charCodeAt(0) * 2 ** 24 + index * words.length;
  for (let i = 0; i < words.length; i++) words[i] = start + i;
  return Buffer.from(words.buffer);
}

/** Tells of every whole body, `PUT /<letter>`, whether it is the right one; takes longer than any client for the letters `slow`. */
async function readingBackend(slow: string): Promise<Server> {
  const server = createServer((request, response) => {
    const letter = request.url?.charAt(1) ?? '';
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    let sinceStall = stallBytes;
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      sinceStall += chunk.length;
      if (sinceStall < stallBytes || !slow.includes(letter)) return;
      sinceStall = 0;
      request.pause();
      setTimeout(() => request.resume(), 50);
    });
    request.on('end', () => response.end(`/${letter}: ${verdict(Buffer.concat(chunks), letter)}\n`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function verdict(body: Buffer, letter: string): string {
  if (body.length !== bodyBytes) return `${body.length} bytes`;
  for (let index = 0; index < pieces; index++) {
    if (!body.subarray(index * pieceBytes, (index + 1) * pieceBytes).equals(piece(letter, index))) return `wrong in MiB ${index}`;
  }
  return 'right';
}

/** One request; in chunks for capital letters, of sizes from a few bytes to 1 MiB. */
function writeUpload(socket: Socket, letter: string, end: string): void {
  const isChunked = letter < 'a';
  const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bodyBytes}`;
  socket.write(`PUT /${letter} HTTP/1.1\r\nHost: a.example\r\n${framing}\r\n${end}\r\n`);
  for (let index = 0; index < pieces; index++) {
    const bytes = piece(letter, index);
    if (!isChunked) {
      socket.write(bytes);
      continue;
    }
    const size = [pieceBytes, 100_000, 9000, 500][index % 4] as number;
    for (let at = 0; at < pieceBytes; at += size) {
      const chunk = bytes.subarray(at, at + size);
      socket.write(`${chunk.length.toString(16)}\r\n`);
      socket.write(chunk);
      socket.write('\r\n');
    }
  }
  if (isChunked) socket.write('0\r\n\r\n');
}

/** All that comes until the other side ends the connection. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  await once(socket, 'end');
  return text;
}

function verdicts(answers: string): readonly string[] {
  return answers.match(/^\/.*$/gm) ?? [];
}

for (const protocol of ['http', 'https'] as const) {
  describe(`bulk of several ${protocol} clients at once`, () => {
    async function start(backend: Server): Promise<Harness> {
      const { port } = backend.address() as AddressInfo;
      return Harness.start({
        protocol,
        certificates: [await ecCertificate('t/a', 'a.example')],
        routes: [{ host: 'a.example', endpoints: [port], tls: { kind: 'terminate', certificates: ['t/a'] } }],
      });
    }

    function client(harness: Harness): Socket {
      const target = { host: '127.0.0.1', port: harness.port };
      return protocol === 'http'
        ? connectTcp(target)
        : connectTls({ ...target, servername: 'a.example', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
    }

    test('reaches fast and slow backends as it was sent, the second body right behind the first', async () => {
      const backend = await readingBackend('aA');
      await using cleanup = new AsyncDisposableStack();
      cleanup.defer(() => void backend.close());
      await using harness = await start(backend);
      const uploads = [...'abcABC'].map((letter) => {
        const socket = client(harness);
        // The second request is read while the backend still takes the end of the first body.
        writeUpload(socket, letter, '');
        writeUpload(socket, letter, 'Connection: close\r\n');
        return readAll(socket).then((answers) => [letter, verdicts(answers)] as const);
      });
      for (const [letter, answers] of await Promise.all(uploads))
        assert.deepEqual(answers, [`/${letter}: right`, `/${letter}: right`], `the answers for /${letter}`);
    });

    test('is not disturbed by clients that leave in the middle, nor by a backend that answers early', async () => {
      const backend = await readingBackend('aA');
      backend.prependListener('request', (request, response) => {
        if (request.url === '/early') response.writeHead(413, { connection: 'close' }).end();
      });
      await using cleanup = new AsyncDisposableStack();
      cleanup.defer(() => void backend.close());
      await using harness = await start(backend);
      const stays = [...'aA'].map((letter) => {
        const socket = client(harness);
        writeUpload(socket, letter, 'Connection: close\r\n');
        return readAll(socket).then((answers) => [letter, verdicts(answers)] as const);
      });
      for (let round = 0; round < 8; round++) {
        const leaving = client(harness).on('error', () => {});
        const early = client(harness).on('error', () => {});
        const isOver = new Promise<void>((resolve) => early.once('close', () => resolve()));
        early.write(`PUT /early HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${bodyBytes}\r\n\r\n`);
        leaving.write(`PUT /x HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${bodyBytes}\r\n\r\n`);
        for (let index = 0; index < 4; index++) {
          leaving.write(piece('x', index));
          early.write(piece('e', index));
        }
        early.resume();
        await new Promise<void>((resolve) => leaving.write(piece('x', 4), () => resolve()));
        leaving.destroy();
        await isOver;
      }
      for (const [letter, answers] of await Promise.all(stays)) assert.deepEqual(answers, [`/${letter}: right`]);
    });
  });
}

test('bulk on several streams of HTTP/2 reaches fast and slow backends as it was sent', async () => {
  const backend = await readingBackend('ab');
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => void backend.close());
  const { port } = backend.address() as AddressInfo;
  await using harness = await Harness.start({
    protocol: 'https',
    certificates: [await ecCertificate('t/a', 'a.example')],
    routes: [{ host: 'a.example', endpoints: [port], tls: { kind: 'terminate', certificates: ['t/a'] } }],
  });
  // Node's client refuses streams of its own when more than that many MB wait to be sent.
  const options = { servername: 'a.example', rejectUnauthorized: false, maxSessionMemory: 1000 };
  const session = connectHttp2(`https://127.0.0.1:${harness.port}`, options);
  cleanup.defer(() => session.destroy());
  const uploads = [...'abcd'].map(async (letter) => {
    const stream = session.request({ ':method': 'PUT', ':path': `/${letter}`, ':authority': 'a.example' });
    for (let index = 0; index < pieces; index++) stream.write(piece(letter, index));
    stream.end();
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return [letter, text] as const;
  });
  for (const [letter, text] of await Promise.all(uploads)) assert.equal(text, `/${letter}: right\n`);
});
