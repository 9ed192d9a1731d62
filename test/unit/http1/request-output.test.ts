import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { RequestOutput } from '../../../src/networkproxy/http1/request-output.ts';
import { OutputTurn } from '../../../src/networkproxy/output-turn.ts';
import { clientReadBuffers } from '../../../src/networkproxy/shared-read-buffer.ts';
import { eventually } from '../../feature/networkproxy/raw-client.ts';

/** A socket, and the peer that reads it when it is told to. */
async function socketPair(): Promise<{ socket: Socket; peer: Socket } & Disposable> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [peer] = (await once(server, 'connection')) as [Socket];
  if (socket.connecting) await once(socket, 'connect');
  return {
    socket,
    peer,
    [Symbol.dispose]() {
      server.close();
      socket.destroy();
      peer.destroy();
    },
  };
}

/** All that comes until there are `length` bytes. */
async function read(peer: Socket, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  peer.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
  });
  peer.resume();
  await eventually(() => bytes >= length, `${length} bytes`);
  return Buffer.concat(chunks);
}

/** Writes until nothing more is taken at once; returns how much that was. */
function fill(socket: Socket): number {
  let bytes = 0;
  while (socket.writableLength === 0) {
    socket.write(Buffer.alloc(1_000_000, '-'));
    bytes += 1_000_000;
  }
  return bytes;
}

function lend(letter: string): Buffer {
  const buffer = clientReadBuffers.lease();
  assert.ok(buffer !== undefined);
  return buffer.fill(letter);
}

test('text, small, large and lent pieces leave in order', async () => {
  using pair = await socketPair();
  const output = new RequestOutput(new OutputTurn(), pair.socket, () => {});
  const lent = lend('l');
  let expected = 'head';
  output.text = 'head';
  for (const [letter, length, after] of [
    ['a', 10, '1'],
    ['b', 9000, '2'],
    ['l', 100_000, '3'],
    ['c', 20, '4'],
    ['l', 9000, '5'],
    ['d', 8000, '6'],
    ['e', 8000, '7'],
    ['f', 300_000, '8'],
    ['l', 50_000, '9'],
  ] as const) {
    output.append(letter === 'l' ? lent.subarray(0, length) : Buffer.alloc(length, letter), after);
    expected += letter.repeat(length) + after;
  }
  assert.equal(output.writeOut(), true);
  assert.equal(output.writeOut(), false);
  assert.equal(String(await read(pair.peer, expected.length)), expected);
});

test('what is gathered is written at the end of the turn, in one write', async () => {
  using pair = await socketPair();
  let written = 0;
  const output = new RequestOutput(new OutputTurn(), pair.socket, () => written++);
  for (let record = 0; record < 3; record++) {
    output.append(Buffer.alloc(16_384, String(record)), '');
    output.flush();
    assert.equal(pair.socket.bytesWritten, 0);
  }
  assert.equal(String(await read(pair.peer, 3 * 16_384)), '0'.repeat(16_384) + '1'.repeat(16_384) + '2'.repeat(16_384));
  assert.equal(written, 1);
});

test('a lent piece that is too small for a drain event is copied when the socket is full', async () => {
  using pair = await socketPair();
  const before = fill(pair.socket);
  const output = new RequestOutput(new OutputTurn(), pair.socket, () => {});
  const lent = lend('a');
  output.append(lent.subarray(0, 10_000), '');
  output.flush();
  lent.fill('z');
  const all = await read(pair.peer, before + 10_000);
  assert.equal(all.toString('latin1', before), 'a'.repeat(10_000));
});

test('a lent piece that is not taken at once stays with the socket, which says when it has drained', async () => {
  using pair = await socketPair();
  const before = fill(pair.socket);
  const output = new RequestOutput(new OutputTurn(), pair.socket, () => {});
  const lent = lend('a');
  output.append(lent, '');
  output.flush();
  assert.equal(pair.socket.writableNeedDrain, true);
  const drained = once(pair.socket, 'drain').then(() => lent.fill('z'));
  const all = await read(pair.peer, before + lent.length);
  await drained;
  assert.equal(all.toString('latin1', before), 'a'.repeat(lent.length));
});

test('a large slab is given back, however the connection ends', async () => {
  const turn = new OutputTurn();
  for (let round = 0; round < 100; round++) {
    using pair = await socketPair();
    const output = new RequestOutput(turn, pair.socket, () => {});
    for (let i = 0; i < 20; i++) output.append(Buffer.alloc(60_000), '');
    output.discard();
    pair.socket.destroy();
    await once(pair.socket, 'close');
  }
  const slab = turn.takeSlab(true);
  assert.ok(slab.length > 65_536, 'none is left of those that may be in use');
});
