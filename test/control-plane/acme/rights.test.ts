import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acmeStateName } from '../../../src/translate/acme-state.ts';
import { AcmeCluster, own, replicaAddresses, shop } from '../../tools/acme/acme-cluster.ts';
import { served } from '../../tools/acme/acme-replica.ts';
import { askingIngress, askingRoute, secretOf } from '../../tools/acme/asking-objects.ts';
import { eventually } from '../../tools/eventually.ts';
import { insideNamespace } from '../../tools/network-namespace.ts';
import { type AnyObject, create, namespace, read, remove, secret } from '../../tools/objects.ts';
import { chartObjects, kubectlWith } from '../../tools/shipped-manifests.ts';

const orders = /^\/order-plz$/;

insideNamespace(import.meta.filename, replicaAddresses, () => {
  test('ACME with the rights of the chart for two namespaces', async (t) => {
    const cluster = await AcmeCluster.start(t);
    const { admin, ca } = cluster;
    const replica = await cluster.replica(replicaAddresses[0]);
    await create(admin, namespace('elsewhere'));

    await t.test(
      'in a namespace that is not among them nothing is ordered, the object says which right is missing, and once it is given all is well',
      async () => {
        const host = 'elsewhere.test';
        await cluster.pebble.resolve(host, ...replicaAddresses);
        await create(admin, askingIngress('elsewhere', [host], 'pebble'));
        const told = await eventually(
          'an Event',
          async () => (await eventsAbout(cluster, 'elsewhere', host)).find(({ reason }) => reason === 'CertificateNotIssued'),
          60_000,
        );
        assert.match(told.note, /Cannot create secrets in namespace elsewhere: .*allow the verb create on secrets for this account/);
        assert.equal(ca.count('POST', orders), 0, 'no order was wasted');

        // As the chart has it where acme.namespaces names the namespace too; and then at once, as the docs say.
        const rights = chartObjects('acme').filter(
          ({ metadata }) => metadata.name === `${own}-certificates` && metadata.namespace === shop,
        );
        assert.deepEqual(rights.map(({ kind }) => kind).sort(), ['Role', 'RoleBinding']);
        await kubectlWith(
          cluster.plane,
          'apply',
          rights.map((object) => ({ ...object, metadata: { ...object.metadata, namespace: 'elsewhere' } })),
        );
        await remove(admin, secret(own, acmeStateName(`elsewhere/${secretOf(host)}`), {}));
        await served([replica], host, cluster.root);
      },
    );

    await t.test('Secrets that somebody else made, or cert-manager, are never written, and both are told', async () => {
      const theirs = await create(admin, secret(shop, secretOf('theirs.test'), { password: 'hunter2' }));
      const kept = secret(shop, secretOf('kept.test'), { 'tls.crt': '', 'tls.key': '' }, 'kubernetes.io/tls');
      const annotations = { 'cert-manager.io/issuer-name': 'theirs', 'smartproxy.dev/acme-directory': '' };
      const ofCertManager = await create(admin, { ...kept, metadata: { ...kept.metadata, annotations } });
      const before = ca.count('POST', orders, 201);
      for (const host of ['theirs.test', 'kept.test']) await create(admin, askingIngress(shop, [host], 'pebble'));
      for (const host of ['theirs.test', 'kept.test'])
        await eventually(
          `an Event about ${host}`,
          async () => (await eventsAbout(cluster, shop, host)).some(({ reason }) => reason === 'SecretNotOwned'),
          60_000,
        );
      // One that may be ordered comes after them, so that their turn is surely over.
      await cluster.pebble.resolve('mine.test', ...replicaAddresses);
      await create(admin, askingRoute(shop, ['mine.test'], 'pebble'));
      await served([replica], 'mine.test', cluster.root);
      assert.equal(ca.count('POST', orders, 201) - before, 1);
      for (const object of [theirs, ofCertManager]) assert.equal(versionOf(await read(admin, object)), versionOf(object));
    });

    await t.test(
      'rights in its own namespace that are missing are told as a trouble of the program, with the verb and the remedy',
      async () => {
        const binding = {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'RoleBinding',
          metadata: { namespace: own, name: `${own}-acme` },
        };
        const kept = await read(admin, binding);
        await remove(admin, binding);
        const before = ca.count('POST', orders, 201);
        await cluster.pebble.resolve('bare.test', ...replicaAddresses);
        await create(admin, askingRoute(shop, ['bare.test'], 'pebble'));
        const trouble = () =>
          replica.command.log.find(({ parts, reason }) => reason === 'forbidden' && JSON.stringify(parts) === '["acme"]');
        const { detail } = await eventually('the trouble', trouble, 60_000);
        assert.match(String(detail), /Cannot create secrets in namespace smartproxy-ingress: .*allow the verb create on secrets/);
        assert.equal(ca.count('POST', orders, 201), before, 'no order was wasted');
        await create(admin, { ...kept, metadata: binding.metadata });
        await served([replica], 'bare.test', cluster.root);
      },
    );
  });
});

interface Told {
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly name: string };
}

/** The Events about the Ingress of a host. */
async function eventsAbout({ admin }: AcmeCluster, namespaceName: string, host: string): Promise<readonly Told[]> {
  const path = `/apis/events.k8s.io/v1/namespaces/${namespaceName}/events`;
  const { items } = await admin.json<{ items: readonly Told[] }>({ path });
  return items.filter(({ regarding }) => regarding.name === host.replaceAll('.', '-'));
}

function versionOf({ metadata }: AnyObject): unknown {
  return metadata.resourceVersion;
}
