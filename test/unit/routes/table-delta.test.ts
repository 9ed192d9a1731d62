import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { Redacted } from '../../../src/redacted.ts';
import { applyDelta } from '../../../src/routes/apply-delta.ts';
import { diffTables } from '../../../src/routes/diff-tables.ts';
import { decodeDelta, encodeDelta } from '../../../src/routes/encode-delta.ts';
import { type Certificate, emptyRouteTable, type RouteTable } from '../../../src/routes/route-table.ts';
import { sameData } from '../../../src/routes/same-data.ts';
import type { Service } from '../../../src/routes/service.ts';
import { dumpTable } from '../../../src/routes/table-dump.ts';
import { byKey, makeHost, makePolicy, makeRoute, makeTable } from './table-builder.ts';

function makeCertificate(key: string, privateKey: string): Certificate {
  return { key, names: ['a'], chain: 'CHAIN', privateKey: new Redacted(privateKey), fingerprint: 'ff', notAfterMs: 5, keyType: 'ec' };
}

function withCertificates(...certificates: readonly Certificate[]): RouteTable {
  return { ...emptyRouteTable, certificates: byKey(certificates) };
}

/** A service that shows a client certificate with this key to its backend. */
function makeService(privateKey: string): Service {
  const tls = { serverName: 'b.example', ca: 'CA', clientCertificate: makeCertificate('shop/client', privateKey) };
  const identity = { key: 'shop/web:443', namespace: 'shop', name: 'web', port: 443 };
  return { ...identity, protocol: 'h2', tls, loadBalancing: 'round-robin' };
}

function withServices(...services: readonly Service[]): RouteTable {
  return { ...emptyRouteTable, services: byKey(services) };
}

describe('diffTables', () => {
  const table = makeTable([makeHost('a', [makeRoute('r')]), makeHost('b', [])]);

  test('names only the parts and entries that changed', () => {
    const changed = makeHost('b', [makeRoute('s')]);
    const next = { ...table, hosts: byKey([makeHost('a', [makeRoute('r')]), changed, makeHost('c', [])]) };
    assert.deepEqual(diffTables(table, next), { hosts: { set: [changed, makeHost('c', [])], removed: [] } });
    assert.deepEqual(diffTables(next, { ...table, hosts: new Map() }), { hosts: { set: [], removed: ['a', 'b', 'c'] } });
  });

  test('is undefined for a table made again with the same content', () => {
    const again = makeTable([makeHost('b', []), makeHost('a', [makeRoute('r')])]);
    assert.equal(diffTables(table, again), undefined);
  });

  test('sees a private key that was replaced and nothing else', () => {
    const before = withCertificates(makeCertificate('c', 'one'));
    assert.equal(diffTables(before, withCertificates(makeCertificate('c', 'one'))), undefined);
    assert.notEqual(diffTables(before, withCertificates(makeCertificate('c', 'two'))), undefined);
    const service = withServices(makeService('one'));
    assert.equal(diffTables(service, withServices(makeService('one'))), undefined);
    assert.notEqual(diffTables(service, withServices(makeService('two'))), undefined);
  });
});

describe('applyDelta', () => {
  test('refuses to remove what is not there and leaves the table as it is', () => {
    const table = makeTable([makeHost('a', [])]);
    assert.throws(() => applyDelta(table, { hosts: { set: [makeHost('b', [])], removed: ['c'] } }), { code: 'DELTA_MISMATCH' });
    assert.deepEqual([...table.hosts.keys()], ['a']);
  });

  test('sets ACME answers by token', () => {
    const challenge = { token: 't', keyAuthorization: 't.x' };
    assert.equal(applyDelta(emptyRouteTable, { challenges: { set: [challenge], removed: [] } }).challenges.get('t'), challenge);
  });
});

describe('sameData', () => {
  const rows: readonly [what: string, a: unknown, b: unknown, same: boolean][] = [
    ['NaN and NaN', Number.NaN, Number.NaN, true],
    ['a missing and an undefined property', { a: 1 }, { a: 1, b: undefined }, true],
    ['a missing and a null property', { a: 1 }, { a: 1, b: null }, false],
    ['an own and an inherited property', { constructor: Object }, {}, false],
    ['a list and its prefix', [1, 2], [1], false],
    ['a list and an object', [], {}, false],
    ['two secrets', new Redacted('a'), new Redacted('b'), false],
    ['a secret twice', new Redacted('a'), new Redacted('a'), true],
    ['a secret and an empty object', new Redacted('a'), {}, false],
    ['null and an object', null, {}, false],
    ['nested data', { a: [{ b: 'x' }] }, { a: [{ b: 'y' }] }, false],
  ];
  for (const [what, a, b, same] of rows) {
    test(`${what} ${same ? 'are' : 'are not'} the same`, () => {
      assert.equal(sameData(a, b), same);
      assert.equal(sameData(b, a), same);
    });
  }
});

describe('encodeDelta', () => {
  const delta = diffTables(emptyRouteTable, withCertificates(makeCertificate('c', 'PRIVATE')));
  assert.ok(delta !== undefined);

  test('survives structured clone and JSON with the key inside', () => {
    const wire = encodeDelta(delta);
    for (const copy of [structuredClone(wire), JSON.parse(JSON.stringify(wire))]) {
      assert.equal(decodeDelta(copy).certificates?.set[0]?.privateKey.reveal(), 'PRIVATE');
    }
  });

  test('a decoded key is redacted again', () => {
    assert.doesNotMatch(inspect(decodeDelta(encodeDelta(delta)), { depth: 9 }), /PRIVATE/);
  });

  test('leaves the delta that it was given as it was', () => {
    encodeDelta(delta);
    assert.ok(delta.certificates?.set[0]?.privateKey instanceof Redacted);
  });

  test('the key of a client certificate travels with its service, and is redacted at both ends', () => {
    const services = diffTables(
      emptyRouteTable,
      withServices(makeService('PRIVATE'), { ...makeService(''), key: 'plain', tls: undefined }),
    );
    assert.ok(services !== undefined);
    assert.doesNotMatch(inspect(services, { depth: 9 }) + JSON.stringify(services), /PRIVATE/);
    for (const copy of [structuredClone(encodeDelta(services)), JSON.parse(JSON.stringify(encodeDelta(services)))]) {
      const [withClient, plain] = decodeDelta(copy).services?.set ?? [];
      assert.equal(withClient?.tls?.clientCertificate?.privateKey.reveal(), 'PRIVATE');
      assert.ok(sameData(withClient, makeService('PRIVATE')), 'all the rest of it too');
      assert.equal(plain?.tls, undefined);
      assert.doesNotMatch(inspect(withClient, { depth: 9 }), /PRIVATE/);
    }
  });

  test('a delta without certificates is passed on', () => {
    const plain = { policies: { set: [makePolicy('p')], removed: [] } };
    assert.deepEqual(encodeDelta(plain), plain);
    assert.deepEqual(decodeDelta(plain), plain);
  });
});

describe('dumpTable', () => {
  test('sorts keys and properties, leaves out undefined ones, and lets the fingerprint stand for a certificate', () => {
    const table = makeTable([makeHost('b', []), makeHost('a', [makeRoute('r')])], {
      certificates: byKey([makeCertificate('c', 'PRIVATE')]),
    });
    const dump = dumpTable(table);
    assert.deepEqual(Object.keys(dump.hosts), ['a', 'b']);
    assert.deepEqual(dump.hosts.b, { routes: [] });
    assert.deepEqual(dump.certificates, { c: { fingerprint: 'ff', keyType: 'ec', names: ['a'], notAfterMs: 5 } });
    const [route] = (dump.hosts.a as { routes: object[] }).routes;
    assert.deepEqual(Object.keys(route ?? {}), ['action', 'createdAtMs', 'key', 'match', 'policy', 'priority', 'source']);
  });

  test('lets the fingerprint stand for the client certificate of a service', () => {
    const dump = dumpTable(withServices(makeService('PRIVATE')));
    const { tls } = dump.services['shop/web:443'] as { tls: object };
    assert.deepEqual(tls, {
      ca: 'CA',
      clientCertificate: { fingerprint: 'ff', key: 'shop/client', keyType: 'ec', names: ['a'], notAfterMs: 5 },
      serverName: 'b.example',
    });
  });

  test('lists hosts in order of precedence', () => {
    const keys = ['*', '*.example', 'b.example', '*.shop.example', 'a.example'];
    const dump = dumpTable(makeTable(keys.map((key) => makeHost(key, []))));
    assert.deepEqual(Object.keys(dump.hosts), ['a.example', 'b.example', '*.shop.example', '*.example', '*']);
  });

  test('names every part, also empty ones', () => {
    assert.deepEqual(Object.keys(dumpTable(emptyRouteTable)), Object.keys(emptyRouteTable));
  });
});
