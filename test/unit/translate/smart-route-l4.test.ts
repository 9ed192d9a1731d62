import assert from 'node:assert/strict';
import { test } from 'node:test';
import { l4Of } from '../../../src/translate/smart-route-l4.ts';
import { type SmartRouteState, statusOf } from '../../../src/translate/smart-route-statuses.ts';

const backends = [{ name: 'db', port: { number: 5432 } }];
const ref = { apiVersion: 'smartproxy.dev/v1alpha1', kind: 'SmartRoute', namespace: 'a', name: 'r', uid: '' };

test('a rate has a burst of one second and is for each client, unless something else is said', () => {
  const rateOf = (connectionRate: { perSecond: number; burst?: number; per?: 'Client' | 'Route' }) =>
    l4Of({ tcp: { engine: 'NFTables', nftables: { connectionRate }, backends } }, {})?.kernel?.connectionRate;
  assert.deepEqual(rateOf({ perSecond: 7 }), { perSecond: 7, burst: 7, per: 'client' });
  assert.deepEqual(rateOf({ perSecond: 7, burst: 20, per: 'Route' }), { perSecond: 7, burst: 20, per: 'route' });
  assert.deepEqual(l4Of({ udp: { engine: 'NFTables', backends } }, {})?.kernel, { preserveSource: false, connectionRate: undefined });
});

test('without the engine NFTables, and with TLS that passes through by host, nothing is the kernel’s', () => {
  assert.equal(l4Of({ tcp: { engine: 'Node', backends } }, {})?.kernel, undefined);
  assert.equal(l4Of({ udp: { backends } }, {})?.kernel, undefined);
  assert.equal(l4Of({ tls: { mode: 'Passthrough' }, hosts: ['a.example'], tcp: { backends } }, {}), undefined);
  assert.equal(l4Of({ http: { rules: [] } }, {}), undefined);
});

test('Programmed speaks for the kernel too, of the routes that it forwards alone', () => {
  const state = (inKernel: boolean): SmartRouteState => ({
    object: ref,
    generation: 1,
    publish: true,
    hosts: '',
    conditions: [],
    rules: [],
    backends: [],
    isHeld: false,
    inKernel,
  });
  const programmed = (inKernel: boolean, problem: string | undefined) => {
    const { type, status, reason, message } = statusOf(state(inKernel), new Map(), true, problem).conditions[0]!;
    return [type, status, reason, message];
  };
  const problem = 'Cannot forward in the kernel: net.ipv4.ip_forward is 0; set it to 1 on this machine';
  assert.deepEqual(programmed(true, problem), ['Programmed', 'False', 'KernelNotProgrammed', problem]);
  assert.deepEqual(programmed(true, undefined).slice(0, 2), ['Programmed', 'True']);
  assert.deepEqual(programmed(false, problem).slice(0, 2), ['Programmed', 'True']);
  assert.deepEqual(statusOf(state(true), new Map(), false, undefined).conditions[0]!.reason, 'Pending');
});
