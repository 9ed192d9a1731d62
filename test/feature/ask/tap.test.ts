import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { TapLine } from '../../../src/cli/tap-page.ts';
import { eventually } from '../../tools/eventually.ts';
import { get } from '../../tools/get.ts';
import { ingress, ingressClass, service } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { NdjsonStream } from '../../tools/ndjson-stream.ts';
import { startRun, temporaryFolder } from '../../tools/running-command.ts';
import { passingShell } from '../../tools/shell.ts';

const program = fileURLToPath(new URL('../../../bin/smartproxy-ingress.js', import.meta.url));

test('requests are shown to who looks, as they pass', async (t) => {
  await using backend = await NamedBackend.start('a', { 'set-cookie': 'session=planted-cookie' });
  const folder = await temporaryFolder(t);
  const rules = {
    'shop.localhost': [['/', 'Prefix', 'web'] as const, ['/gone', 'Prefix', 'gone'] as const],
    'other.localhost': [['/', 'Prefix', 'web'] as const],
  };
  await writeFile(join(folder, 'all.yaml'), ingressClass + service('web', backend.port) + ingress('shop', { rules }));
  const command = await startRun(t, ['--manifests', folder], 2);
  const [http, admin] = [await command.port('http'), await command.port('admin')];
  const open = (query: string): Promise<NdjsonStream<TapLine>> => NdjsonStream.open<TapLine>(admin, `/debug/tap${query}`);
  const ask = (path: string, host = 'shop.localhost', headers = {}): Promise<unknown> => get(http, host, path, undefined, headers);
  const requestsOf = ({ lines }: NdjsonStream<TapLine>) => lines.flatMap((line) => (line.kind === 'request' ? [line] : []));

  await t.test('with route, status, endpoint and times, and without query, headers and bodies', async () => {
    using tap = await open('?route=Ingress%20default/shop');
    assert.deepEqual([tap.status, tap.contentType], [200, 'application/x-ndjson']);
    const headers = { authorization: 'Bearer planted-token', cookie: 'id=planted-cookie', 'x-note': 'planted-header' };
    await ask('/a?password=planted-query', 'shop.localhost', headers);
    const [seen] = await eventually('it is shown', () => requestsOf(tap).length > 0 && requestsOf(tap));
    assert.ok(seen !== undefined);
    assert.deepEqual(
      [seen.method, seen.host, seen.path, seen.status, seen.route, seen.service, seen.endpoint],
      ['GET', 'shop.localhost', '/a', 200, 'Ingress default/shop shop.localhost prefix /', 'default/web:80', `127.0.0.1:${backend.port}`],
    );
    assert.ok(seen.durationMs > 0 && seen.endedAtMs > 1.7e12);
    assert.doesNotMatch(JSON.stringify(tap.lines), /planted/);
  });

  await t.test('those alone that are meant', async () => {
    using failed = await open('?status=5xx');
    using other = await open('?host=Other.localhost&status=200');
    const asked = [ask('/gone'), ask('/a'), ask('/b', 'other.localhost'), ask('/none', 'nobody.localhost')];
    await Promise.all(asked);
    await eventually('each shows one', () => requestsOf(failed).length > 0 && requestsOf(other).length > 0);
    assert.deepEqual(
      requestsOf(failed).map(({ path, status }) => [path, status]),
      [['/gone', 503]],
    );
    assert.deepEqual(
      requestsOf(other).map(({ path }) => path),
      ['/b'],
    );
  });

  await t.test('no faster than the rate, and how many were skipped', async () => {
    using tap = await open('?rate=1');
    for (let count = 0; count < 20; count++) await ask(`/${count}`);
    await eventually('the skipped are told', async () => {
      await ask('/more');
      return tap.lines.some((line) => line.kind === 'skipped');
    });
    const shown = requestsOf(tap).length;
    const skipped = tap.lines.reduce((sum, line) => sum + (line.kind === 'skipped' ? line.count : 0), 0);
    assert.ok(shown < 20 && skipped > 0, `${shown} shown, ${skipped} skipped`);
  });

  await t.test('until the time is over, also without any request', async () => {
    using tap = await open('?seconds=1&host=nobody.example');
    await eventually('it has ended', () => tap.ended);
    assert.deepEqual(tap.lines, [{ kind: 'end' }]);
  });

  await t.test('until who reads it has enough', async (t) => {
    const asking = setInterval(() => void ask('/a'), 100);
    t.after(() => clearInterval(asking));
    const tap = `timeout 20 '${process.execPath}' '${program}' tap --seconds 3600 --rate 100 --admin 127.0.0.1:${admin}`;
    const output = await passingShell(`{ ${tap} && echo left >&2; } | head -1`, { folder });
    assert.match(output, /^\S+ {2}200 {2}GET .*\nleft\n$/);
  });

  await t.test('for eight at once, and a place is free when one has left', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => open('')));
    t.after(() => {
      for (const tap of all) tap[Symbol.dispose]();
    });
    const ninth = await get(admin, 'localhost', '/debug/tap');
    assert.deepEqual([ninth.status, /8 taps are open already/.test(ninth.body)], [400, true]);
    all[0]?.[Symbol.dispose]();
    using again = await eventually('there is room', async () => {
      const tap = await open('');
      return tap.status === 200 && tap;
    });
    await ask('/again');
    await eventually('it shows requests', () => requestsOf(again).length === 1);
  });

  await t.test('not with a query that means nothing, which is told', async () => {
    for (const [query, says] of [
      ['status=6xx', /status=6xx is not allowed; expected a status such as 404/],
      ['rate=0', /rate=0 is not allowed; expected a whole number from 1 to 1000/],
      ['seconds=1d', /seconds=1d is not allowed/],
    ] as const) {
      const { status, body } = await get(admin, 'localhost', `/debug/tap?${query}`);
      assert.equal(status, 400, query);
      assert.match(body, says);
    }
  });
});
