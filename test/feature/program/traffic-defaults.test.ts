import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { forwardTo, ingress, service, smartProxyConfig, smartRoute } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { ScriptedBackend } from '../../tools/scripted-backend.ts';

it('error pages, mirrors and rate limits of a SmartProxyConfig are for every object, with Services of its own namespace and no grant', async (t) => {
  const pages = await ScriptedBackend.start(t, ({ headers }, response) => response.writeHead(418).end(`page ${headers['x-code']}`));
  const mirror = await ScriptedBackend.start(t, (_request, response) => response.end());
  const web = await ScriptedBackend.start(t, (_request, response) => response.end('web'));
  const port = { name: 'web' };
  const policy = {
    errorPages: [{ statuses: [403, 503], backend: { name: 'pages', port } }],
    mirror: { backend: { name: 'mirror', port } },
    rateLimits: [{ requests: 4, per: 'Hour', exempt: ['10.0.0.0/40'] }],
  };
  const blocked = smartRoute('team/blocked', { hosts: ['blocked.test'], http: { rules: [{ name: 'all', action: { block: {} } }] } });
  const own = smartRoute('own', {
    hosts: ['own.test'],
    policy: { errorPages: [], mirror: { backend: { name: 'mirror', port }, percent: 0 }, rateLimits: [] },
    http: {
      rules: [
        { name: 'blocked', matches: [{ path: { type: 'Prefix', value: '/blocked' } }], action: { block: {} } },
        { name: 'all', action: forwardTo('web') },
      ],
    },
  });
  const plain = ingress('plain', {
    rules: {
      'plain.test': [
        ['/missing', 'Prefix', 'nobody'],
        ['/', 'Prefix', 'web'],
      ],
    },
  });
  const services = service('pages', pages.port) + service('mirror', mirror.port) + service('web', web.port);
  await using program = await Program.start(services + blocked + own + plain + smartProxyConfig({ defaults: { policy } }));
  assert.deepEqual([...program.problems].sort(), ['InvalidAddress', 'ServiceNotFound']);
  const ask = async (host: string, path: string): Promise<string> => {
    const { status, body } = await program.ask(host, path);
    return `${status} ${body.trim()}`;
  };
  assert.equal(await ask('blocked.test', '/'), '418 page 403');
  assert.equal(await ask('plain.test', '/missing'), '418 page 503');
  assert.equal(await ask('plain.test', '/'), '200 web');
  await eventually('it is copied', () => program.dataPlane.snapshot().mirrored[0] === 1);
  assert.equal(mirror.received.length, 1);
  // Nothing of it holds for an object that says otherwise.
  for (let i = 0; i < 6; i++) assert.equal(await ask('own.test', '/'), '200 web');
  assert.equal(await ask('own.test', '/blocked'), '403 403 Forbidden');
  assert.equal(mirror.received.length, 1);
  // All objects that inherit the limit count together.
  assert.equal(await ask('blocked.test', '/'), '418 page 403');
  assert.equal(await ask('plain.test', '/'), '429 429 Too many requests');
});
