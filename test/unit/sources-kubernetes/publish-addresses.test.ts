import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from '../../../src/api/objects.ts';
import { givenAddresses, sameAddresses, serviceAddresses } from '../../../src/sources/kubernetes/publish-addresses.ts';

function service(spec: Service['spec'], balancer: { ip?: string; hostname?: string }[] = []): Service {
  return { kind: 'Service', metadata: { name: 'edge' }, spec, status: { loadBalancer: { ingress: balancer } } };
}

const cases: readonly [name: string, service: Service, expected: unknown][] = [
  [
    'a load balancer: its addresses and external IPs, sorted, once',
    service({ type: 'LoadBalancer', externalIPs: ['10.0.0.9', '10.0.0.2'], clusterIP: '10.96.0.1' }, [
      { ip: '10.0.0.9' },
      { hostname: 'lb.example' },
    ]),
    [{ hostname: 'lb.example' }, { ip: '10.0.0.2' }, { ip: '10.0.0.9' }],
  ],
  ['a load balancer without an address yet', service({ type: 'LoadBalancer', clusterIP: '10.96.0.1' }), []],
  [
    'a load balancer entry with address and name stays one entry',
    service({ type: 'LoadBalancer' }, [{ ip: '10.0.0.1', hostname: 'lb.example' }]),
    [{ ip: '10.0.0.1', hostname: 'lb.example' }],
  ],
  ['a NodePort with external IPs', service({ type: 'NodePort', externalIPs: ['10.0.0.9'], clusterIP: '10.96.0.1' }), [{ ip: '10.0.0.9' }]],
  ['a NodePort without', service({ type: 'NodePort', clusterIP: '10.96.0.1' }), [{ ip: '10.96.0.1' }]],
  [
    'a dual-stack ClusterIP',
    service({ clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1', 'fd00::1'] }),
    [{ ip: '10.96.0.1' }, { ip: 'fd00::1' }],
  ],
  ['a headless Service', service({ clusterIP: 'None', clusterIPs: ['None'] }), []],
  ['an ExternalName', service({ type: 'ExternalName', externalName: 'edge.example' }), [{ hostname: 'edge.example' }]],
];

for (const [name, input, expected] of cases) {
  test(`serviceAddresses: ${name}`, () => assert.deepEqual(serviceAddresses(input), expected));
}

test('givenAddresses: tells IP addresses from host names', () => {
  assert.deepEqual(givenAddresses(['edge.example', '10.0.0.1', '::1', '10.0.0.1']), [
    { hostname: 'edge.example' },
    { ip: '10.0.0.1' },
    { ip: '::1' },
  ]);
});

test('sameAddresses: compares address and name alone', () => {
  assert.equal(sameAddresses([{ ip: '10.0.0.1', ports: [] } as { ip: string }], [{ ip: '10.0.0.1' }]), true);
  assert.equal(sameAddresses([{ ip: '10.0.0.1' }], [{ hostname: '10.0.0.1' }]), false);
  assert.equal(sameAddresses([], [{ ip: '10.0.0.1' }]), false);
});
