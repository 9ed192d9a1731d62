import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AcmeCluster, own, replicaAddresses, shop, strayAddress } from '../../tools/acme/acme-cluster.ts';
import { type AcmeReplica, httpPort, served } from '../../tools/acme/acme-replica.ts';
import { askingIngress, askingRoute, secretOf } from '../../tools/acme/asking-objects.ts';
import { eventually } from '../../tools/eventually.ts';
import { insideNamespace } from '../../tools/network-namespace.ts';
import { type AnyObject, create, endpointSlice, patch, read, remove, service } from '../../tools/objects.ts';
import { objectsIn } from '../../tools/shipped-manifests.ts';

const readme = join(import.meta.dirname, '../../../README.md');
const pod = '10.244.0.10';
const challenges = /^\/chalZ\//;

insideNamespace(import.meta.filename, [...replicaAddresses, strayAddress, pod], () => {
  test('two replicas with the rights of the chart order by ACME', async (t) => {
    const cluster = await AcmeCluster.start(t);
    const replicas = await cluster.replicas();
    const { admin, root, ca, pebble } = cluster;

    await t.test('an Ingress and a SmartRoute get certificates in the Secrets that they name, and both replicas serve them', async (t) => {
      await startPod(t);
      await create(admin, service(shop, 'web'));
      await create(admin, endpointSlice(shop, 'web', [pod], 8080));
      // The CA looks at one replica for the one, and at the other for the other: one of the two does not lead.
      await pebble.resolve('shop.test', replicaAddresses[0]);
      await pebble.resolve('route.test', replicaAddresses[1]);
      await create(admin, askingIngress(shop, ['shop.test'], 'pebble', { service: 'web' }));
      await create(admin, askingRoute(shop, ['route.test'], 'pebble'));
      for (const host of ['shop.test', 'route.test']) {
        const seen = await served(replicas, host, root);
        assert.equal(seen.names, `DNS:${host}`);
        const secret = await cluster.secret(shop, secretOf(host));
        assert.equal(secret?.type, 'kubernetes.io/tls');
        assert.deepEqual(Object.keys(secret.data ?? {}).sort(), ['tls.crt', 'tls.key']);
      }
      for (const replica of replicas) {
        assert.equal((await replica.getSecurely('shop.test', '/', root)).body, 'pod');
        assert.equal((await replica.getSecurely('route.test', '/', root)).body, 'served');
      }
      assert.equal(pebble.issued, 2);
      assert.ok(
        replicas.every(({ command }) => !/PRIVATE KEY/.test(JSON.stringify(command.log) + command.output)),
        'no key in a log',
      );
    });

    await t.test('the manifest in the README does what it says', async () => {
      const block = [...readFileSync(readme, 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].find(([, text]) => text?.includes('acme:'));
      const [config, asking] = objectsIn(block?.[1] ?? '') as [AnyObject & ConfigSpec, AnyObject];
      const [issuer] = config.spec.acme.issuers;
      // The one CA that is not there is exchanged for the other that is.
      const here = { ...issuer, directory: `https://localhost:${ca.port}/dir`, caRef: { name: 'pebble-ca' } };
      const { spec } = (await read(admin, config)) as AnyObject & ConfigSpec;
      await patch(admin, config, { spec: { acme: { issuers: [...spec.acme.issuers, here] } } });
      await pebble.resolve('shop.example.com', ...replicaAddresses);
      await create(admin, asking);
      await served(replicas, 'shop.example.com', root);
    });

    await t.test('the certificate stays when what asked for it goes', async () => {
      const before = await cluster.secret(shop, secretOf('route.test'));
      await remove(admin, askingRoute(shop, ['route.test'], 'pebble'));
      await eventually('the route is gone', async () => {
        const answers = await Promise.all(replicas.map((replica) => replica.get('route.test', '/')));
        return answers.every(({ status }) => status === 404);
      });
      const after = await cluster.secret(shop, secretOf('route.test'));
      assert.equal(after?.metadata.resourceVersion, before?.metadata.resourceVersion);
    });

    await t.test('two objects that want the same names in two Secrets do not order at the same time', async () => {
      let [underWay, most] = [0, 0];
      ca.onAnswer = ({ path, status }) => {
        if (path === '/order-plz' && status === 201) most = Math.max(most, ++underWay);
        if (path.startsWith('/certZ/') && status === 200) underWay--;
        return undefined;
      };
      const route = askingRoute(shop, ['same.test'], 'pebble');
      const spec = route.spec as { readonly tls: object };
      const other = { ...spec, tls: { ...spec.tls, certificate: { secretRef: { name: 'same-too' }, acme: { issuer: 'pebble' } } } };
      await pebble.resolve('same.test', ...replicaAddresses);
      await create(admin, route);
      await create(admin, { ...route, metadata: { ...route.metadata, name: 'same-too' }, spec: other });
      for (const name of [secretOf('same.test'), 'same-too']) await eventually(`Secret ${name}`, () => cluster.secret(shop, name), 60_000);
      assert.equal(most, 1);
      ca.onAnswer = () => undefined;
    });

    await t.test('a replica that lags delays the CA, which is told nothing before both answer', async () => {
      const leader = await cluster.leader(...replicas);
      const late = replicas.find((replica) => replica !== leader) as AcmeReplica;
      const caughtUp = Promise.withResolvers<void>();
      late.api.onRequest = async ({ path }) => {
        if (path.startsWith(`/api/v1/namespaces/${own}/secrets/smartproxy-acme-`)) await caughtUp.promise;
        return undefined;
      };
      const before = ca.count('POST', challenges);
      await pebble.resolve('late.test', leader.address);
      await create(admin, askingRoute(shop, ['late.test'], 'pebble'));
      // Its route for the host answers, in place of the challenge that it has not heard of.
      const asked = () =>
        late.command.output.split('\n').filter((line) => line.includes('acme-challenge') && line.includes('late.test')).length;
      await eventually('the one that lags is asked, again and again', () => asked() > 3, 60_000);
      assert.equal(ca.count('POST', challenges), before);
      late.api.onRequest = () => undefined;
      caughtUp.resolve();
      await served(replicas, 'late.test', root);
    });

    await t.test('a replica that is gone delays the CA until it is not among the ready ones any more', async (t) => {
      let knocks = 0;
      const nobody = createTcpServer((socket) => {
        knocks++;
        socket.on('error', () => undefined).destroy();
      });
      await new Promise<void>((resolve) => nobody.listen(httpPort, strayAddress, resolve));
      t.after(() => nobody.close());
      await cluster.setReady([...replicaAddresses, strayAddress]);
      const before = ca.count('POST', challenges);
      await pebble.resolve('gone.test', ...replicaAddresses);
      await create(admin, askingRoute(shop, ['gone.test'], 'pebble'));
      await eventually('the one that is gone is asked, again and again', () => knocks > 3, 60_000);
      assert.equal(ca.count('POST', challenges), before);
      await cluster.setReady(replicaAddresses);
      await served(replicas, 'gone.test', root);
    });
  });
});

interface ConfigSpec {
  readonly spec: { readonly acme: { readonly issuers: readonly object[] } };
}

async function startPod(t: TestContext): Promise<void> {
  const server = createServer((_, response) => response.end('pod'));
  await new Promise<void>((resolve) => server.listen(8080, pod, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
}
