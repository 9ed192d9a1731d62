import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { changedTable } from '../../../src/controller/changed-table.ts';
import { emptyRouteTable, type RouteTable } from '../../../src/routes/route-table.ts';
import { validateTable } from '../../../src/routes/validate-table.ts';
import { translate } from '../../../src/translate/translate.ts';
import { defaultOptions } from '../../golden/default-options.ts';

/** A valid table of some hosts, each with a Service of its own. */
function tableOf(names: readonly string[]): RouteTable {
  const backend = (name: string) => ({ service: { name, port: { number: 80 } } });
  const ingress = (name: string) => ({
    spec: {
      ingressClassName: 'smartproxy',
      rules: [{ host: `${name}.example.com`, http: { paths: [{ path: '/', pathType: 'Prefix', backend: backend(name) }] } }],
    },
  });
  const kinds = new Map<string, ReadonlyMap<string, object>>([
    ['Ingress', new Map(names.map((name) => [`shop/${name}`, ingress(name)]))],
    ['Service', new Map(names.map((name) => [`shop/${name}`, { spec: { ports: [{ port: 80 }] } }]))],
  ]);
  return translate({ of: (kind) => (kinds.get(kind) ?? new Map()) as never }, defaultOptions).routeTable;
}

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  return new Map([...map].filter(([other]) => other !== key));
}

test('changed table of a first table is all of it', () => {
  const table = tableOf(['a', 'b']);
  assert.equal(changedTable(emptyRouteTable, table).hosts.size, 2);
});

test('changed table holds the changed host with what it refers to, and nothing else', () => {
  const before = tableOf(['a', 'b', 'c']);
  const host = before.hosts.get('b.example.com');
  assert.ok(host);
  const after = { ...before, hosts: new Map(before.hosts).set(host.key, { ...host }) };
  const part = changedTable(before, after);
  assert.deepEqual([...part.hosts.keys()], ['b.example.com']);
  assert.deepEqual([...part.services.keys()], ['shop/b:80']);
  assert.deepEqual(validateTable(part), []);
});

test('changed table holds the Services that a policy of a changed host names: those of error pages and mirrors', () => {
  const before = tableOf(['a', 'b']);
  const [known] = before.policies.values();
  const host = before.hosts.get('b.example.com');
  assert.ok(known && host);
  const service = 'shop/a:80';
  for (const more of [
    { errorPages: [{ statuses: [404], onlyOwn: false, content: { kind: 'service' as const, service } }] },
    { mirror: { service, percent: 100, maxBodyBytes: 0 } },
  ]) {
    const policy = { ...known, ...more, key: 'policy-more' };
    const routes = host.routes.map((route) => ({ ...route, policy: policy.key }));
    const hosts = new Map(before.hosts).set(host.key, { ...host, routes });
    const part = changedTable(before, { ...before, hosts, policies: new Map(before.policies).set(policy.key, policy) });
    assert.deepEqual(validateTable(part), []);
    assert.deepEqual([...part.services.keys()].sort(), ['shop/a:80', 'shop/b:80']);
  }
});

test('changed table of an endpoint change holds no host', () => {
  const before = tableOf(['a', 'b']);
  const after = { ...before, endpoints: new Map(before.endpoints).set('shop/a:80', { key: 'shop/a:80', endpoints: [] }) };
  const part = changedTable(before, after);
  assert.equal(part.hosts.size, 0);
  assert.deepEqual(validateTable(part), []);
});

test('changed table breaks an invariant whenever the whole table does, after any loss of entries from a valid one', () => {
  const whole = tableOf(['a', 'b', 'c', 'd']);
  const losses = fc.array(
    fc.record({
      part: fc.constantFrom('hosts' as const, 'services' as const, 'endpoints' as const, 'policies' as const),
      key: fc.constantFrom(...whole.hosts.keys(), ...whole.services.keys(), ...whole.policies.keys()),
    }),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(losses, fc.subarray(['a', 'b', 'c', 'd']), (lost, known) => {
      const before = tableOf(known);
      let after = whole;
      for (const { part, key } of lost) after = { ...after, [part]: without<unknown>(after[part], key) };
      assert.equal(validateTable(changedTable(before, after)).length > 0, validateTable(after).length > 0);
    }),
    { numRuns: 300 },
  );
});
