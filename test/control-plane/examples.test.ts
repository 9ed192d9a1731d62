import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SmartRouteStatus } from '../../src/api/generated/smart-route.ts';
import { ControlPlane, serviceAccountUser } from '../tools/control-plane.ts';
import { eventually } from '../tools/eventually.ts';
import { exampleChecks } from '../tools/examples/all-checks.ts';
import { ExampleWorld } from '../tools/examples/example-world.ts';
import { gatewayCrd } from '../tools/gateway-crd.ts';
import { insideNamespace } from '../tools/network-namespace.ts';
import { startRun } from '../tools/running-command.ts';
import { installObjects, isRbac, kubectlWith, objectsIn } from '../tools/shipped-manifests.ts';

const root = join(import.meta.dirname, '../..');
const own = 'smartproxy-ingress';
const account = serviceAccountUser(own, own);
/** Of this machine, as the program and its clients see it: pods, a load balancer in front, and the ports of the examples are all here. */
const address = '10.244.0.10';

insideNamespace(import.meta.filename, [address], () => {
  test('all examples beside one another, applied to an API server and served from it', async (t) => {
    const plane = await ControlPlane.start([account]);
    t.after(() => plane.stop());
    const world = await ExampleWorld.start(address);
    t.after(() => world[Symbol.asyncDispose]());
    const needed = ['Namespace', 'ServiceAccount', 'IngressClass'];
    await kubectlWith(
      plane,
      'apply',
      installObjects().filter((object) => isRbac(object) || needed.includes(object.kind)),
    );
    await plane.kubectl('apply', '-f', join(root, 'crds'), '-f', await gatewayCrd('referencegrants'));
    const crds = globSync('crds/*.yaml', { cwd: root }).map((file) => `crd/${file.replace(/^.*_(\w+)\.yaml$/, '$1')}.smartproxy.dev`);
    await plane.crdsEstablished(...crds, 'crd/referencegrants.gateway.networking.k8s.io');
    await kubectlWith(plane, 'apply', objectsIn(world.objects));
    await plane.kubectl(
      'apply',
      '--validate=strict',
      '-f',
      join(root, 'examples/smartproxyconfig'),
      '-f',
      join(root, 'examples/smartroute'),
    );

    const command = await startRun(t, [
      ...['--kubeconfig', plane.kubeconfig(account.token), '--pod-namespace', own, '--no-leader-election'],
      ...['--drain-delay=off', `--address=${address}`],
    ]);
    const [http, https] = [await command.port('http'), await command.port('https')];
    // Those of the example: nobody else is in this network.
    const ofExample = { mail: 2525, devices: 1883, admin: 9443, dns: 5353 };
    world.ports = new Map(Object.entries({ http, https, ...ofExample }));
    await eventually('every example is accepted, and programmed but for what takes a kernel', async () => {
      const { items } = JSON.parse(await plane.kubectl('get', 'sr', '-A', '-o', 'json')) as {
        readonly items: readonly { readonly metadata: { readonly name: string }; readonly status?: SmartRouteStatus }[];
      };
      for (const { metadata, status } of items) {
        const held = status?.conditions?.filter((condition) => condition.status === 'True').map(({ type }) => type);
        if (!metadata.name.startsWith('nftables')) assert.deepEqual(held, ['Accepted', 'ResolvedRefs', 'Programmed'], metadata.name);
      }
      return items.length > 0;
    });
    for (const [name, check] of Object.entries(exampleChecks)) await t.test(name, () => check(world));
  });
});
