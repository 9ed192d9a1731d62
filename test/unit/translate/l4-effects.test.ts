import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SmartRouteSpec } from '../../../src/api/generated/smart-route.ts';
import { idleFields } from '../../../src/translate/l4-effects.ts';
import { l4Of } from '../../../src/translate/smart-route-l4.ts';

const backends = [{ name: 's', port: { number: 1 } }];
const tcp: SmartRouteSpec = { listeners: ['l'], tcp: { backends } };
const passthrough: SmartRouteSpec = { hosts: ['a.example'], tls: { mode: 'Passthrough' }, tcp: { backends } };
const udp: SmartRouteSpec = { listeners: ['l'], udp: { backends } };
const kernel: SmartRouteSpec = { listeners: ['l'], tcp: { engine: 'NFTables', backends } };
const kernelUdp: SmartRouteSpec = { listeners: ['l'], udp: { engine: 'NFTables', idleTimeout: '5s', backends } };

/** The fields without `spec.policy.`. */
function idle(spec: SmartRouteSpec, policy: SmartRouteSpec['policy'] = {}, more: Partial<SmartRouteSpec> = {}): readonly string[] {
  const all = { ...spec, policy, ...more };
  return idleFields(all, l4Of(all, {})).map(({ field }) => field.replace('spec.policy.', ''));
}

describe('fields that nobody reads', () => {
  const policy: SmartRouteSpec['policy'] = {
    redirectToHttps: true,
    timeouts: { connect: '1s', read: '1s', send: '1s', tunnelIdle: '1s', request: '1s' },
    maxRequestBody: '1Mi',
    maxRequestHeader: '1Ki',
    retries: { attempts: 1, conditions: ['Reset'], perTryTimeout: '1s' },
    backend: {
      protocol: 'HTTPS',
      limits: { connections: 1, requests: 1 },
      outlierDetection: { consecutiveErrors: 1, consecutiveConnectFailures: 1 },
      healthCheck: { type: 'TCP' },
      proxyProtocol: { version: 'V2' },
      tls: { serverName: 'a' },
    },
    headers: { request: { remove: ['a'] } },
    cors: { allowOrigins: ['*'] },
    compression: {},
    buffering: { request: true },
    mirror: { backend: { name: 'm', port: { number: 1 } } },
    errorPages: [{ statuses: [502], text: 'no' }],
    accessLog: false,
    clients: { deny: ['10.0.0.0/8'] },
    maintenance: { enabled: true, allow: ['10.0.0.1'], status: 503, body: 'later' },
    rateLimits: [
      { requests: 1, per: 'Second' },
      { requests: 1, per: 'Second', key: { type: 'Header', header: 'x-a' } },
    ],
  };
  const ofConnections = [
    'redirectToHttps',
    'timeouts.read',
    'timeouts.send',
    'timeouts.request',
    'maxRequestBody',
    'maxRequestHeader',
    'retries.conditions',
    'retries.perTryTimeout',
    'backend.protocol',
    'backend.limits.requests',
    'backend.outlierDetection.consecutiveErrors',
    'backend.tls',
    'headers',
    'cors',
    'compression',
    'buffering',
    'mirror',
    'errorPages',
    'maintenance.status',
    'maintenance.body',
    'rateLimits[1].key.header',
  ];
  const more = { connection: { idleTimeout: '1s' } };

  it('are named one by one where connections go to a backend as a whole, by listener and by server name', () => {
    assert.deepEqual(idle(tcp, policy, more), ofConnections);
    assert.deepEqual(idle(passthrough, policy, more), ofConnections);
  });

  it('are not the protocol and TLS of a backend that is asked by HTTP whether it is well', () => {
    const backend = { protocol: 'HTTPS', tls: { serverName: 'a' }, healthCheck: { type: 'HTTP' } } as const;
    assert.deepEqual(idle(tcp, { backend }), []);
  });

  it('are not the TLS of a backend that what was in TLS goes on to in TLS of our own', () => {
    const ending = (mode: 'Terminate' | 'TerminateAndReencrypt'): SmartRouteSpec => ({ ...passthrough, tls: { mode } });
    assert.deepEqual(idle(ending('Terminate'), policy, more), ofConnections);
    const withoutTls = ofConnections.filter((field) => field !== 'backend.tls');
    assert.deepEqual(idle(ending('TerminateAndReencrypt'), policy, more), withoutTls);
  });

  it('are all but the lists of clients for the kernel, and but these and rates for datagrams', () => {
    const some = { clients: {}, maintenance: { enabled: true, allow: [], status: 503 }, timeouts: { connect: '1s' } } as const;
    assert.deepEqual(idle(udp, some), ['maintenance.status', 'timeouts']);
    const connection = { ...more.connection, maxConnections: 5, maxConnectionsPerAddress: 1 };
    assert.deepEqual(idle(kernel, some, { connection }), ['maintenance.status', 'timeouts', 'spec.connection.idleTimeout']);
    assert.deepEqual(idle(kernelUdp), ['spec.udp.idleTimeout']);
    assert.deepEqual(idle(udp, { accessLog: false }), []);
    const { rateLimits } = policy;
    assert.deepEqual(idle(udp, { rateLimits }), ['rateLimits[1].key.header']);
    assert.deepEqual(idle(kernelUdp, { rateLimits }), ['rateLimits', 'spec.udp.idleTimeout']);
    assert.deepEqual(idle(kernel, { accessLog: false }), []);
    assert.deepEqual(idle(kernel, { accessLog: true }), ['accessLog'], 'there is none');
    const slow = {
      listeners: ['l'],
      tcp: { engine: 'NFTables', loadBalancing: { type: 'RoundRobin', slowStart: '5s' }, backends },
    } as const;
    assert.deepEqual(idle(slow), ['spec.tcp.loadBalancing.slowStart']);
  });

  it('are nobody’s business where requests are read', () => {
    assert.deepEqual(idle(udp), []);
    assert.deepEqual(idle({ listeners: ['l'], udp: { idleTimeout: '5s', backends } }), []);
  });
});
