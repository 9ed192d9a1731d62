import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { compareWithFolder } from '../../../src/ask/diff/compared-items.ts';
import { diffItems, type ItemChange } from '../../../src/ask/diff/diff-items.ts';
import { renderChanges } from '../../../src/ask/diff/render-changes.ts';
import { tableItems } from '../../../src/ask/diff/table-items.ts';
import { dumpTable } from '../../../src/routes/table-dump.ts';
import { forwardTo, ingress, ingressClass, service, smartProxyConfig, smartRoute, tlsSecret, udpService } from '../../tools/manifests.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';
import { contextOf } from './explained.ts';

function items(yaml: string) {
  return tableItems(JSON.parse(JSON.stringify(dumpTable(contextOf(yaml).table))));
}

function changes(before: string, after: string): readonly ItemChange[] {
  return diffItems(items(before), items(after));
}

const base = ingressClass + service('web', 8001) + service('cart', 8003);
const route = (policy: object, action: object = forwardTo('web')) =>
  smartRoute('shop', { hosts: ['shop.example'], policy, http: { rules: [{ name: 'a', action }] } });

suite('diff', () => {
  test('equal tables have no difference, in whatever order they are written', () => {
    const one = ingress('one', { rules: { 'a.example': [['/', 'Prefix', 'web']] } });
    const two = ingress('two', { rules: { 'b.example': [['/', 'Prefix', 'cart']] } });
    assert.deepEqual(changes(base + one + two, two + one + base), []);
    assert.equal(renderChanges([]), 'No difference.');
  });

  test('what is another is told however far behind it stands in a list or text', () => {
    const networks = (count: number) => Array.from({ length: count }, (_, index) => `10.0.${index}.0/24`);
    const [change] = changes(base + route({ clients: { allow: networks(40) } }), base + route({ clients: { allow: networks(41) } }));
    const [field] = change?.fields ?? [];
    assert.equal(field?.field, 'policy.clients.allow');
    assert.match(field.to ?? '', /^\.\.\..*10\.0\.39\.0\/24, 10\.0\.40\.0\/24$/);
    assert.ok((field.to ?? '').length < 210 && (field.from ?? '').endsWith('10.0.39.0/24'));
    const answer = (last: string) => base + route({}, { respond: { status: 200, body: `${'a'.repeat(1000)}${last}${'b'.repeat(1000)}` } });
    assert.match(changes(answer('1'), answer('2'))[0]?.fields[0]?.to ?? '', /^\.\.\.a+2b+\.\.\.$/);
    const named = (...values: string[]) => base + route({ headers: { request: { add: values.map((value) => ({ name: 'a', value })) } } });
    assert.equal(changes(named('1, a, 2'), named('1', '2')).length, 1, 'one value with commas is not two');
  });

  test('of a listener it is told for which clients a route is, and how many sessions may be', () => {
    const config = smartProxyConfig({ listeners: [{ name: 'dns', port: 5353, protocol: 'UDP' }] });
    const dns = (more: object, udp: object = {}) =>
      config +
      udpService('dns', 8005) +
      smartRoute('dns', { listeners: ['dns'], udp: { backends: [{ name: 'dns', port: { name: 'dns' } }], ...udp }, ...more });
    const fieldsOf = (before: string, after: string) =>
      changes(base + before, base + after).flatMap(({ fields }) => fields.map(({ field, from, to }) => [field, from, to]));
    const inside = { clientCIDRs: ['10.0.0.0/8'] };
    assert.deepEqual(fieldsOf(dns({}), dns(inside)), [['clients', undefined, '10.0.0.0/8']]);
    assert.deepEqual(fieldsOf(dns(inside), dns({ clientCIDRs: ['10.0.0.1', '192.0.2.1'] })), [
      ['clients', '10.0.0.0/8', '10.0.0.1, 192.0.2.1'],
    ]);
    assert.deepEqual(fieldsOf(dns({}, { maxSessions: 5 }), dns({}, { maxSessions: 6 })), [['maxSessions', '5', '6']]);
  });

  test('routes that come and go are told by their object', () => {
    const found = changes(
      base + ingress('shop', { rules: { 'shop.example': [['/old', 'Prefix', 'web']] } }),
      base + ingress('shop', { rules: { 'shop.example': [['/new', 'Exact', 'web']] } }),
    );
    assert.deepEqual(
      found.map(({ change, kind, name, object }) => [change, kind, name, object]),
      [
        ['added', 'route', 'shop.example /new (exact)', 'Ingress default/shop'],
        ['removed', 'route', 'shop.example /old (prefix)', 'Ingress default/shop'],
      ],
    );
  });

  test('a match of a rule that goes is the one that is told, and another path is another route', () => {
    const served = (...paths: readonly string[]) =>
      base +
      smartRoute('shop', {
        hosts: ['shop.example'],
        http: { rules: [{ name: 'a', matches: paths.map((value) => ({ path: { type: 'Prefix', value } })), action: forwardTo('web') }] },
      });
    const told = (before: string, after: string) => changes(before, after).map(({ change, name }) => `${change} ${name}`);
    assert.deepEqual(told(served('/one', '/two'), served('/two')), ['removed shop.example /one (prefix)']);
    assert.deepEqual(told(served('/one', '/two'), served('/one', '/new')), [
      'added shop.example /new (prefix)',
      'removed shop.example /two (prefix)',
    ]);
  });

  test('a changed condition is a change of its route, the others of its path stay', () => {
    const served = (...versions: readonly string[]) =>
      base +
      smartRoute('shop', {
        hosts: ['shop.example'],
        http: {
          rules: [{ name: 'a', matches: versions.map((value) => ({ headers: [{ name: 'x-version', value }] })), action: forwardTo('web') }],
        },
      });
    const [change, ...others] = changes(served('1', '2', '3'), served('1', '2', '4'));
    assert.deepEqual(others, []);
    assert.deepEqual(change?.fields, [{ field: 'match.headers[0].value', from: '3', to: '4' }]);
  });

  test('a changed policy is a change of its route, without the keys that are made of it', () => {
    const [change, ...others] = changes(base + route({}), base + route({ timeouts: { read: '5s' } }));
    assert.equal(others.length, 0);
    assert.deepEqual(
      change?.fields.map(({ field, to }) => [field, to]),
      [['policy.timeouts.readMs', '5000']],
    );
  });

  test('a changed setting of a backend is one of its route, and its endpoints stay', () => {
    const [change, ...others] = changes(base + route({}), base + route({ backend: { protocol: 'H2C' } }));
    assert.deepEqual(others, []);
    assert.ok(
      change?.fields.some(({ field, from, to }) => field === 'action.backends.default/web:80.protocol' && from === 'http' && to === 'h2c'),
    );
  });

  test('an endpoint that comes is one change of its Service', () => {
    const [change, ...others] = changes(base + route({}), `${base.replace('8001', '8009')}${route({})}`);
    assert.deepEqual(others, []);
    assert.deepEqual([change?.kind, change?.object], ['endpoints', 'Service default/web']);
    assert.deepEqual(change?.fields, [
      { field: '127.0.0.1:8001', from: 'ready', to: undefined },
      { field: '127.0.0.1:8009', from: undefined, to: 'ready' },
    ]);
  });

  test('a certificate is told by its Secret, and no key of it', async () => {
    const tls = ingress('shop', {
      rules: { 'shop.example': [['/', 'Prefix', 'web']] },
      tls: [{ hosts: ['shop.example'], secret: 'cert' }],
    });
    const [first, second] = [await makeTestCertificate('shop.example'), await makeTestCertificate('shop.example')];
    const found = changes(base + tls + tlsSecret('cert', first), base + tls + tlsSecret('cert', second));
    assert.deepEqual(
      found.map(({ kind, object }) => [kind, object]),
      [['certificate', 'Secret default/cert']],
    );
    assert.doesNotMatch(JSON.stringify(found), /PRIVATE|BEGIN/);
  });

  test('text is by object, with signs, and bounded', () => {
    const text = renderChanges(changes(base, base + route({})));
    assert.match(
      text,
      /^Service default\/web\n {2}\+ endpoints default\/web:80\n\nSmartRoute default\/shop\n {2}\+ route shop\.example \/ \(prefix\)\n\n2 added, 0 removed, 0 changed\.$/,
    );
  });
});

suite('diff against a running program', () => {
  const folder = (yaml: string, kinds: readonly ('Secret' | 'EndpointSlice')[], objects: readonly string[]) => ({
    items: items(yaml),
    counts: new Map(kinds.map((kind) => [kind, 1])),
    objects: new Set(objects),
  });
  const live = items(base + route({}) + ingress('other', { rules: { 'other.example': [['/', 'Prefix', 'cart']] } }));

  test('only what objects of the folder make is compared, and endpoints where it holds some', () => {
    const mine = folder(
      ingressClass + service('web') + route({ timeouts: { read: '5s' } }),
      [],
      ['SmartRoute default/shop', 'Service default/web'],
    );
    const { before, after, notes } = compareWithFolder(live, mine, false);
    assert.deepEqual(
      diffItems(before, after).map(({ change, kind, object }) => [change, kind, object]),
      [['changed', 'route', 'SmartRoute default/shop']],
    );
    assert.match(notes.join(' '), /Not compared: endpoints, for the folder holds no EndpointSlice/);
  });

  test('with all of it, what the folder does not hold is removed', () => {
    const mine = folder(base + route({}), ['EndpointSlice'], ['SmartRoute default/shop']);
    const { before, after } = compareWithFolder(live, mine, true);
    assert.deepEqual(
      diffItems(before, after).map(({ change, name }) => [change, name]),
      [
        ['removed', 'other.example / (prefix)'],
        ['removed', 'default/cart:80'],
      ],
    );
  });
});
