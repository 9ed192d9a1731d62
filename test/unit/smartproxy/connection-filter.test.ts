import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConnectionFilter, isMeant } from '../../../src/smartproxy/connection-filter.ts';

const connection = {
  id: 'a-1',
  route: 'Ingress shop/web shop.example.com prefix /',
  endpoint: '10.0.0.1:8080',
  listener: 'https',
  state: 'handed_over',
  remoteAddress: '192.0.2.1',
  serverName: undefined,
  ageMs: 5000,
};

const table: readonly (readonly [filter: ConnectionFilter, meant: boolean])[] = [
  [{}, true],
  [{ id: 'a-1' }, true],
  [{ id: 'a-2' }, false],
  [{ route: connection.route }, true],
  [{ route: 'Ingress shop/web' }, true],
  [{ route: 'Ingress shop/we' }, false],
  [{ endpoint: '10.0.0.1:8080', listener: 'https' }, true],
  [{ endpoint: '10.0.0.1:808' }, false],
  [{ endpoint: '10.0.0.1:8080', listener: 'http' }, false],
  [{ state: 'dialing' }, false],
  [{ remoteAddress: '192.0.2.1' }, true],
  [{ serverName: 'shop.example.com' }, false],
  [{ olderMs: 5000, listener: 'https' }, true],
  [{ olderMs: 5001, listener: 'https' }, false],
];

for (const [filter, meant] of table) {
  test(`${JSON.stringify(filter)} ${meant ? 'means' : 'does not mean'} the connection`, () =>
    assert.equal(isMeant(filter, connection), meant));
}
