import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backend, hello } from './backend.ts';
import { Harness } from './harness.ts';
import { get } from './raw-client.ts';

/** X-Forwarded-For as a trusted peer sent it, and the client that it names. */
const chains: readonly (readonly [received: string, client: string])[] = [
  ['1.2.3.4', '1.2.3.4'],
  ['6.6.6.6, 1.2.3.4:50000, 10.0.0.1', '1.2.3.4'],
  ['[2001:db8::7]:443, 10.0.0.1', '2001:db8::7'],
  ['[2001:db8::7]', '2001:db8::7'],
  ['2001:db8::7', '2001:db8::7'],
  ['1.2.3.4, ::ffff:10.0.0.1', '1.2.3.4'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['1.2.3.4, unknown, 10.0.0.1', '10.0.0.1'],
  ['<script>, 10.0.0.1', '10.0.0.1'],
  ['1.2.3.4, 10.0.0.999', '127.0.0.1'],
  [', ,1.2.3.4, ,', '1.2.3.4'],
  ['10.0.0.2, 10.0.0.1', '10.0.0.2'],
];

test('the client of a trusted chain is its first address from the right that is not ours, and never text that is no address', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({
    routes: [{ endpoints: [backend.port] }],
    config: { trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'] },
  });
  for (const [received, client] of chains) {
    await get(harness.port, '/', 'a.example', `X-Forwarded-For: ${received}\r\n`);
    assert.equal(harness.requests.at(-1)?.remoteAddress, client, received);
  }
  const realAddresses = [...backend.received.join('').matchAll(/\r\nx-real-ip: ([^\r]*)\r\n/g)].map((match) => match[1]);
  assert.deepEqual(
    realAddresses,
    chains.map(([, client]) => client),
  );
});

test('a field with an underscore reaches the client, never the backend', async () => {
  await using backend = await Backend.answering('HTTP/1.1 200 OK\r\nx_answer: 1\r\ncontent-length: 0\r\n\r\n');
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  assert.match(await get(harness.port, '/', 'a.example', 'X_Real_IP: 1.1.1.1\r\n'), /\r\nx_answer: 1\r\n/);
  assert.doesNotMatch(backend.received[0] as string, /x_real_ip/i);
});
