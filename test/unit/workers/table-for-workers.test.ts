import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redacted } from '../../../src/redacted.ts';
import { type Certificate, emptyRouteTable, type Listener, type RouteTable } from '../../../src/routes/route-table.ts';
import { tableForWorkers } from '../../../src/workers/table-for-workers.ts';

const certificate: Certificate = {
  key: 'shop/tls',
  names: ['shop.example.com'],
  chain: 'CHAIN',
  privateKey: new Redacted('KEY'),
  fingerprint: 'ab',
  notAfterMs: 0,
  keyType: 'ec',
};

function tableWith(protocol: Listener['protocol']): RouteTable {
  const listener: Listener = { key: 'web', addresses: ['127.0.0.1'], port: 0, publishedPort: 0, protocol, proxyProtocolFrom: [] };
  return { ...emptyRouteTable, listeners: new Map([['web', listener]]), certificates: new Map([['shop/tls', certificate]]) };
}

test('tableForWorkers: private keys stay in the main process while no listener ends TLS', () => {
  assert.equal(tableForWorkers(tableWith('http')).certificates.size, 0);
  const withTls = tableWith('https');
  assert.equal(tableForWorkers(withTls), withTls);
});
