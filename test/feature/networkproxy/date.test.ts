import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backend, hello } from './backend.ts';
import { Harness } from './harness.ts';
import { get, statusOf } from './raw-client.ts';

test('an answer without a Date gets the time, and the Date of the backend is kept', async () => {
  await using without = await Backend.answering(hello);
  const theirs = 'Sun, 06 Nov 1994 08:49:37 GMT';
  await using withDate = await Backend.answering(hello.replace('content-length', `Date: ${theirs}\r\ncontent-length`));
  await using harness = await Harness.start({
    routes: [{ endpoints: [without.port] }, { path: '/dated', endpoints: [withDate.port] }],
  });
  const dates = (answer: string) => [...answer.matchAll(/\r\ndate: ([^\r]+)\r\n/gi)].map(([, value]) => value ?? '');
  const added = dates(await get(harness.port));
  assert.equal(added.length, 1);
  assert.ok(Math.abs(Date.now() - Date.parse(String(added[0]))) < 60_000, String(added[0]));
  assert.deepEqual(dates(await get(harness.port, '/dated')), [theirs]);
});

test('the redirect to HTTPS believes the last X-Forwarded-Proto of a trusted proxy, as the backend is told', async () => {
  await using backend = await Backend.answering(hello);
  await using harness = await Harness.start({
    routes: [{ endpoints: [backend.port], policy: { redirectToHttps: true } }],
    config: { trustedProxies: ['127.0.0.0/8'] },
  });
  const ask = (...values: readonly string[]) =>
    get(harness.port, '/', 'a.example', values.map((value) => `X-Forwarded-Proto: ${value}\r\n`).join(''));
  assert.equal(statusOf(await ask('http', 'https')), 200);
  assert.match(backend.received[0] ?? '', /\r\nx-forwarded-proto: https\r\n/);
  assert.equal(statusOf(await ask('https', 'http')), 308);
});
