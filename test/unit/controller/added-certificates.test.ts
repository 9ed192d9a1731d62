import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddedCertificates } from '../../../src/controller/added-certificates.ts';
import { Redacted } from '../../../src/redacted.ts';
import { type Certificate, emptyRouteTable, type RouteTable, type TlsPolicy } from '../../../src/routes/route-table.ts';

const host = 'shop.example.com';
const made: Certificate = {
  key: `local-ca/${host}`,
  names: [host],
  chain: '',
  privateKey: new Redacted(''),
  fingerprint: '',
  notAfterMs: 0,
  keyType: 'ec',
};

test('a certificate that is added to a host leaves it all else that it has of TLS: who has to show a certificate has to go on', () => {
  const policy: TlsPolicy = { key: 'mutual', minVersion: 'TLSv1.3', alpn: undefined, clientAuth: { isRequired: true, ca: 'ca' } };
  const table: RouteTable = {
    ...emptyRouteTable,
    hosts: new Map([[host, { key: host, routes: [], tls: { kind: 'terminate', certificates: [], policy } }]]),
  };
  const tls = new AddedCertificates().addTo(table, [host], [made]).hosts.get(host)?.tls;
  assert.deepEqual(tls, { kind: 'terminate', certificates: [made.key], policy });
});
