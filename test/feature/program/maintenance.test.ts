import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwardTo, ingressClass, service, smartRoute } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';

const host = 'shop.example.com';

test('a route that is closed answers as it says to all but those who may in, and a rule may be open', async () => {
  await using backend = await NamedBackend.start('a');
  const route = (maintenance: object): string =>
    smartRoute('shop', {
      hosts: [host],
      policy: { maintenance },
      http: {
        rules: [
          {
            name: 'open',
            matches: [{ path: { type: 'Prefix', value: '/open' } }],
            policy: { maintenance: { enabled: false } },
            action: forwardTo('a'),
          },
          { name: 'all', action: forwardTo('a') },
        ],
      },
    });
  const base = ingressClass + service('a', backend.port);
  await using program = await Program.start(base + route({ enabled: true }), ['--trusted-proxies', '127.0.0.0/8']);
  assert.deepEqual(program.problems, []);
  const plain = await program.ask(host, '/');
  assert.deepEqual(
    [plain.status, plain.body, plain.headers['content-type'], plain.headers['retry-after']],
    [503, 'Down for maintenance\n', 'text/plain; charset=utf-8', undefined],
  );
  assert.equal((await program.ask(host, '/open')).body, 'a');
  const said = { status: 500, retryAfter: '90s', contentType: 'text/html', body: '<p>Zurück um zwölf</p>', allow: ['192.0.2.0/24'] };
  await program.apply(route({ enabled: true, ...said }));
  const answer = await program.ask(host, '/');
  assert.deepEqual(
    [answer.status, answer.body, answer.headers['content-type'], answer.headers['retry-after']],
    [500, '<p>Zurück um zwölf</p>', 'text/html', '90'],
  );
  assert.equal((await program.ask(host, '/', { headers: { 'x-forwarded-for': '192.0.2.7' } })).body, 'a');
  assert.equal((await program.ask(host, '/', { headers: { 'x-forwarded-for': '192.0.3.7' } })).status, 500);
  await program.apply(route({ enabled: true, allow: ['192.0.2.0/99'] }));
  assert.deepEqual(program.problems, ['InvalidAddress']);
  assert.equal((await program.ask(host, '/', { headers: { 'x-forwarded-for': '192.0.2.7' } })).status, 503);
  await program.apply(route({ enabled: false, ...said }));
  assert.equal((await program.ask(host, '/')).body, 'a');
  const lines = await program.finish();
  assert.deepEqual([lines[0]?.flag, lines[2]?.flag, lines[3]?.flag], ['maintenance', 'maintenance', undefined]);
});
