import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '../../tools/free-port.ts';
import { get } from '../../tools/get.ts';
import { smartProxyConfig, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
const say = { respond: { status: 200, body: 'shop' } };
const route = smartRoute('shop', { hosts: [host], http: { rules: [{ name: 'all', action: say }] } });

describe('a listener of a SmartProxyConfig that says who is served on it, and is not valid', () => {
  const http = { name: 'http', protocol: 'HTTP' };
  const peers = (...from: readonly string[]) => ({ proxyProtocol: { from } });
  type Entries = (port: number) => readonly unknown[];
  const cases: readonly (readonly [what: string, entries: Entries, fault: string, field: string])[] = [
    [
      'namespaces that are no list',
      (port) => [{ ...http, port, namespaces: 'shop' }],
      'InvalidObject spec.listeners[0].namespaces',
      'spec.listeners[0]',
    ],
    [
      'a namespace that is none',
      (port) => [{ ...http, port, namespaces: ['default', 'No Name'] }],
      'InvalidObject spec.listeners[0].namespaces[1]',
      'spec.listeners[0]',
    ],
    [
      'no peers in proxyProtocol',
      (port) => [{ ...http, port, proxyProtocol: {} }],
      'InvalidObject spec.listeners[0].proxyProtocol.from',
      'spec.listeners[0]',
    ],
    [
      'a peer that the CRD allows and that is no network',
      (port) => [{ ...http, port, ...peers('10.0.0.0/8', '10.0.0.0/80') }],
      'InvalidAddress spec.listeners[0].proxyProtocol.from[1]',
      'spec.listeners[0]',
    ],
    [
      'a name that is none',
      (port) => [{ ...http, name: 'HTTP', port, namespaces: ['other'] }],
      'InvalidObject spec.listeners[0].name',
      'spec.listeners[0]',
    ],
    [
      'a name that is there already',
      (port) => [
        { ...http, port },
        { ...http, port: 1, namespaces: ['other'] },
      ],
      'InvalidObject spec.listeners[1]',
      'spec.listeners[1]',
    ],
    [
      'a port that another one has',
      (port) => [
        { ...http, port, namespaces: ['default'] },
        { ...http, name: 'same', port },
      ],
      'InvalidObject spec.listeners',
      'spec.listeners[0]',
    ],
    ['nothing but a text', () => ['http'], 'InvalidObject spec.listeners[0]', 'spec.listeners[0]'],
  ];
  for (const [what, entries, fault, field] of cases)
    it(`is for nobody when the program begins with it, and others are as they are: it has ${what}`, async () => {
      const admin = await freePort();
      const list = entries(await freePort());
      const isListWrong = fault.endsWith('listeners');
      const listeners = [...list, ...(isListWrong ? [] : [{ name: 'admin', port: admin, protocol: 'HTTP', namespaces: ['default'] }])];
      await using program = await Program.start(smartProxyConfig({ listeners }) + route);
      const { problems } = program.translation;
      assert.deepEqual(
        problems.filter(({ object }) => object.kind === 'SmartProxyConfig').map((problem) => `${problem.reason} ${problem.field}`),
        ['ConfigReduced spec', fault, `ListenerClosed ${field}`],
      );
      for (const { message } of problems.slice(0, 3)) assert.match(message, /^SmartProxyConfig default\/main, spec[^ ]*: .+\.$/);
      assert.equal((await program.ask(host, '/')).status, 404);
      if (!isListWrong) assert.equal((await get(admin, host, '/')).status, 200);
      await program.apply(smartProxyConfig({ listeners: [{ name: 'admin', port: admin, protocol: 'HTTP' }] }));
      assert.equal((await program.ask(host, '/')).status, 200, 'corrected it is open');
    });

  it('is for nobody on every listener of the options when the whole list can not be read', async () => {
    await using program = await Program.start(smartProxyConfig({ listeners: { name: 'https', namespaces: ['shop'] } }) + route);
    assert.ok(program.problems.includes('ListenerClosed'));
    assert.equal((await program.ask(host, '/')).status, 404);
  });

  it('is as it was when it becomes so while the program runs', async () => {
    const admin = { name: 'admin', port: await freePort(), protocol: 'HTTP' };
    const config = (more: object) => smartProxyConfig({ listeners: [admin, { ...http, port: program.httpPort, ...more }] });
    const before = { namespaces: ['default'] };
    await using program = await Program.start(smartProxyConfig({ listeners: [admin] }) + route);
    await program.apply(config(before));
    for (const wrong of [{ namespaces: ['default', 7] }, peers('10.0.0.0/80'), { proxyProtocol: [] }]) {
      await program.apply(config(wrong));
      assert.equal(program.problems[0], 'ConfigKept');
      assert.equal(program.problems.includes('ListenerClosed'), false);
      assert.deepEqual([(await program.ask(host, '/')).status, (await get(admin.port, host, '/')).status], [200, 200]);
      assert.deepEqual(program.translation.routeTable.listeners.get('http')?.namespaces, ['default']);
    }
  });

  it('keeps who is served on it when its port is that of another listener of the options', async () => {
    const port = await freePort();
    const secret = tlsSecret('tls', await makeTestCertificate(host));
    const tls = { mode: 'Terminate', certificate: { secretRef: { name: 'tls' } } };
    const secure = smartRoute('shop', { hosts: [host], tls, http: { rules: [{ name: 'all', action: say }] } });
    const config = (namespaces: readonly string[]) =>
      smartProxyConfig({ listeners: [{ name: 'https', port, protocol: 'HTTPS', namespaces }] });
    await using program = await Program.start(config(['other']) + secret + secure, [`--http-port=${port}`]);
    assert.deepEqual(program.problems, ['PortConflict']);
    assert.match(program.translation.problems[0]?.message ?? '', /so this one has port 0, that of the option's; use another/);
    assert.equal((await program.ask(host, '/', { tls: true })).status, 404);
    await program.apply(config(['default']));
    assert.equal((await program.ask(host, '/', { tls: true })).status, 200);
  });
});
