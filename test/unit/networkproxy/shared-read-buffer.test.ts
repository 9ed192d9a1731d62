import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import {
  bytesToKeep,
  clientReadBuffers,
  discardReads,
  findReadHooks,
  readIntoSharedBuffer,
  setNextBuffer,
} from '../../../src/networkproxy/shared-read-buffer.ts';
import { eventually } from '../../feature/networkproxy/raw-client.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

/** An accepted socket that nothing was read from, and its client. */
async function socketPair(): Promise<{ accepted: Socket; client: Socket } & Disposable> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const [accepted] = (await once(server, 'connection')) as [Socket];
  return {
    accepted,
    client,
    [Symbol.dispose]() {
      server.close();
      accepted.destroy();
      client.destroy();
    },
  };
}

test('the hooks are found on the Node that we ship and on no other major', () => {
  assert.ok(findReadHooks(process.versions.node) !== undefined, 'a new Node: read its net.Socket before adding it to the known ones');
  assert.equal(findReadHooks('25.9.0'), undefined);
  assert.equal(findReadHooks('260.0.0'), undefined);
});

test('reads of an accepted socket share one buffer and make no data event', async () => {
  using pair = await socketPair();
  const { accepted, client } = pair;
  let text = '';
  const buffers = new Set<unknown>();
  accepted.on('data', () => assert.fail('a data event'));
  assert.equal(
    readIntoSharedBuffer(accepted, (size, buffer) => {
      buffers.add(buffer);
      text += buffer.toString('latin1', 0, size);
      return true;
    }),
    true,
  );
  accepted.resume();
  for (const word of ['one ', 'two ', 'three']) {
    client.write(word);
    await eventually(() => text.endsWith(word), word);
  }
  assert.equal(text, 'one two three');
  assert.equal(buffers.size, 1);
});

test('bytes that the stream holds come first, and the end comes last', async () => {
  using pair = await socketPair();
  const { accepted, client } = pair;
  let text = '';
  let ended = false;
  client.write('second');
  accepted.unshift(Buffer.from('first '));
  accepted.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  accepted.on('end', () => {
    ended = true;
  });
  readIntoSharedBuffer(accepted, (size, buffer) => {
    text += buffer.toString('latin1', 0, size);
    return true;
  });
  accepted.resume();
  await eventually(() => text.length === 12, 'both');
  assert.equal(text, 'first second');
  assert.equal(ended, false);
  client.end();
  await eventually(() => ended, 'the end');
});

test('a paused socket is not read until it is resumed', async () => {
  using pair = await socketPair();
  const { accepted, client } = pair;
  let reads = 0;
  readIntoSharedBuffer(accepted, () => {
    reads++;
    accepted.pause();
    return true;
  });
  accepted.resume();
  client.write('a');
  await eventually(() => reads === 1, 'the first read');
  client.write('b');
  // Another socket's round trip: had this one been read, it would have been before that.
  using other = await socketPair();
  other.client.write('c');
  other.accepted.resume();
  await once(other.accepted, 'data');
  assert.equal(reads, 1);
  accepted.resume();
  await eventually(() => reads === 2, 'the second read');
});

test('what arrives after the callback was let go of is read and dropped', async () => {
  using pair = await socketPair();
  const { accepted, client } = pair;
  let reads = 0;
  readIntoSharedBuffer(accepted, () => {
    reads++;
    return true;
  });
  discardReads(accepted);
  accepted.resume();
  client.end('late');
  await once(accepted, 'end');
  assert.equal(accepted.bytesRead, 4);
  assert.equal(reads, 0);
});

test('only bytes of the shared buffer are copied to be kept', async () => {
  using pair = await socketPair();
  const { accepted, client } = pair;
  let kept: Buffer | undefined;
  let borrowed: Buffer | undefined;
  readIntoSharedBuffer(accepted, (size, buffer) => {
    borrowed = buffer.subarray(0, size);
    kept ??= bytesToKeep(borrowed);
    return true;
  });
  accepted.resume();
  client.write('abc');
  await eventually(() => kept !== undefined, 'the first read');
  client.write('xyz');
  await eventually(() => borrowed?.toString('latin1') === 'xyz', 'the second read');
  assert.equal(kept?.toString('latin1'), 'abc');
  const own = Buffer.from('own');
  assert.equal(bytesToKeep(own), own);
});

test('the next read goes where it is told to, and no bytes of a lent buffer are kept uncopied', async () => {
  using pair = await socketPair();
  const { accepted, client } = pair;
  const lent = clientReadBuffers.lease();
  assert.ok(lent !== undefined);
  const reads: Buffer[] = [];
  readIntoSharedBuffer(accepted, (size, buffer) => {
    reads.push(buffer.subarray(0, size));
    return true;
  });
  const targets = [lent, undefined, clientReadBuffers.shared];
  setNextBuffer(accepted, () => targets.shift());
  accepted.resume();
  for (const text of ['one', 'two', 'three', 'four']) {
    client.write(text);
    await eventually(() => reads.at(-1)?.toString('latin1') === text, text);
  }
  assert.deepEqual(
    reads.map(({ buffer }) => buffer === lent.buffer),
    [false, true, true, false],
  );
  for (const bytes of reads) assert.notEqual(bytesToKeep(bytes).buffer, bytes.buffer);
  clientReadBuffers.forget();
});

test('a TLS socket hands on nothing more while it is written to in a read', async () => {
  const { cert, key } = await makeTestCertificate('a.example');
  using pair = await socketPair();
  const client = connectTls({ socket: pair.client, rejectUnauthorized: false });
  const accepted = new TLSSocket(pair.accepted, { isServer: true, secureContext: createSecureContext({ cert, key }) });
  await once(client, 'secureConnect');
  let text = '';
  let depth = 0;
  let deepest = 0;
  let echoed = 0;
  assert.equal(
    readIntoSharedBuffer(accepted, (size, buffer) => {
      deepest = Math.max(deepest, ++depth);
      // Much and little, in one piece and in several: every way to write that the proxy has.
      accepted.write('latin1', 'latin1');
      accepted.write(Buffer.alloc(100_000));
      accepted.cork();
      accepted.write('two');
      accepted.write(Buffer.alloc(20_000));
      accepted.uncork();
      accepted.pause();
      accepted.resume();
      text += buffer.toString('latin1', 0, size);
      depth--;
      return true;
    }),
    true,
  );
  client.on('data', (chunk: Buffer) => {
    echoed += chunk.length;
  });
  accepted.resume();
  // Several records arrive in one read of the raw socket.
  let sent = '';
  for (let i = 0; i < 200; i++) {
    const record = String(i).padEnd(500, '.');
    client.write(record);
    sent += record;
  }
  await eventually(() => text.length === sent.length && echoed >= 120_000, 'all records');
  assert.ok(text === sent);
  assert.equal(deepest, 1);
});
