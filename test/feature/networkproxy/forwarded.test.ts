import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backend, hello } from './backend.ts';
import { Harness } from './harness.ts';
import { get, statusOf } from './raw-client.ts';

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

/** X-Forwarded-Proto and -For as a trusted peer sent them over plain HTTP, and whether the client came by HTTPS. */
const schemes: readonly (readonly [proto: string, chain: string, isSecure: boolean])[] = [
  ['https', '1.2.3.4', true],
  ['HTTPS', '1.2.3.4', true],
  ['wss', '1.2.3.4', true],
  ['Wss ', '', true],
  ['ws', '1.2.3.4', false],
  ['http', '1.2.3.4', false],
  ['gopher', '1.2.3.4', false],
  ['', '1.2.3.4', false],
  ['https, http', '1.2.3.4, 10.0.0.1', true],
  ['https, http', '1.2.3.4', false],
  ['https, http', '', false],
  ['http, https', '', true],
  ['https, http, http', '6.6.6.6, 1.2.3.4, 10.0.0.1', false],
  ['https, http', '1.2.3.4, 10.0.0.2, 10.0.0.1', true],
];

test('of a trusted X-Forwarded-Proto counts what the client spoke, whatever its spelling, and it goes on as it came', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({
    routes: [{ endpoints: [backend.port], policy: { redirectToHttps: true } }],
    config: { trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'] },
  });
  for (const [proto, chain, isSecure] of schemes) {
    const answer = await get(harness.port, '/', 'a.example', `X-Forwarded-Proto: ${proto}\r\n${chain && `X-Forwarded-For: ${chain}\r\n`}`);
    assert.equal(statusOf(answer), isSecure ? 200 : 308, `${proto} of ${chain}`);
  }
  const told = [...backend.received.join('').matchAll(/\r\nx-forwarded-proto: ([^\r]*)\r\n/g)].map((match) => match[1]);
  const secure = schemes.filter(([, , isSecure]) => isSecure);
  assert.deepEqual(
    told,
    secure.map(([proto]) => proto.trim()),
  );
});

test('X-Forwarded-Proto of a peer that is not trusted means nothing', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port], policy: { redirectToHttps: true } }] });
  assert.equal(statusOf(await get(harness.port, '/', 'a.example', 'X-Forwarded-Proto: wss\r\n')), 308);
});

test('X-Real-IP is ours, and no other X-Forwarded-* reaches backends, whoever sends it', async () => {
  await using backend = await Backend.answering(hello);
  const sent =
    'X-Forwarded-Prefix: /app\r\nX-Forwarded-Ssl: on\r\nX-Forwarded-Server: edge\r\nX-Forwarded-For: 1.2.3.4\r\nX-Real-IP: 6.6.6.6\r\n';
  for (const trustedProxies of [['127.0.0.0/8'], []]) {
    await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { trustedProxies } });
    await get(harness.port, '/', 'a.example', sent);
    const lines = backend.received
      .at(-1)
      ?.split('\r\n')
      .filter((line) => /^x-(?!request-id)/.test(line));
    const isTrusted = trustedProxies.length > 0;
    assert.deepEqual(lines?.filter((line) => !/-(?:port|proto|host):/.test(line)).sort(), [
      `x-forwarded-for: ${isTrusted ? '1.2.3.4, ' : ''}127.0.0.1`,
      `x-real-ip: ${isTrusted ? '1.2.3.4' : '127.0.0.1'}`,
    ]);
  }
});

test('a field with an underscore reaches the client, never the backend', async () => {
  await using backend = await Backend.answering('HTTP/1.1 200 OK\r\nx_answer: 1\r\ncontent-length: 0\r\n\r\n');
  await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  assert.match(await get(harness.port, '/', 'a.example', 'X_Real_IP: 1.1.1.1\r\n'), /\r\nx_answer: 1\r\n/);
  assert.doesNotMatch(backend.received[0] as string, /x_real_ip/i);
});
