import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Secret } from '../../../src/api/objects.ts';
import { acmeStateName } from '../../../src/translate/acme-state.ts';
import { AcmeCluster, own, replicaAddresses, shop } from '../../tools/acme/acme-cluster.ts';
import { served } from '../../tools/acme/acme-replica.ts';
import { askingIngress, askingRoute, secretOf } from '../../tools/acme/asking-objects.ts';
import { eventually } from '../../tools/eventually.ts';
import { insideNamespace } from '../../tools/network-namespace.ts';
import { type AnyObject, create, ingress, namespace, patch, read, remove, secret } from '../../tools/objects.ts';
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

    await t.test('with reclaimPolicy Delete objects own the Secret of the certificate that they name, and no other', async (t) => {
      const host = 'owned.test';
      await cluster.pebble.resolve(host, ...replicaAddresses);
      await cluster.addIssuer('deleting', { reclaimPolicy: 'Delete' });
      const first = await create(admin, askingIngress(shop, [host], 'deleting'));
      const issued = await ownedBy(cluster, host, first);
      const { uid } = first.metadata;
      assert.deepEqual(issued.metadata.ownerReferences, [
        { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'owned-test', uid, blockOwnerDeletion: false },
      ]);

      // One of them asks for nothing, and shows it all the same.
      const beside = await create(admin, ingress(shop, 'beside', askingIngress(shop, [host], '').spec as object));
      const route = await create(admin, askingRoute(shop, [host], 'deleting'));
      const shared = await ownedBy(cluster, host, first, beside, route);
      assert.equal(shared.data?.['tls.crt'], issued.data?.['tls.crt'], 'nothing was ordered for that');

      await t.test('through a renewal, and one that is being deleted is no owner any more', async () => {
        await eventually('when to renew', async () => (await cluster.state(secretOf(host))).renewal, 60_000);
        await cluster.renewNow(secretOf(host));
        const renewed = async () => {
          const found = await cluster.secret(shop, secretOf(host));
          return found?.data?.['tls.crt'] !== issued.data?.['tls.crt'] && found;
        };
        const { metadata } = await eventually('the new certificate', renewed, 60_000);
        assert.deepEqual(metadata.ownerReferences, shared.metadata.ownerReferences);
        await patch(admin, first, { metadata: { finalizers: ['test.example.com/waits'] } });
        await remove(admin, first);
        await ownedBy(cluster, host, beside, route);
        await patch(admin, first, { metadata: { finalizers: null } });
      });

      await t.test('until it is Retain again, which leaves owners alone that somebody else named', async () => {
        const object = secret(shop, secretOf(host), {});
        const { metadata } = await read(admin, object);
        const theirs = await create(admin, secret(shop, 'owner-of-theirs', {}));
        const reference = { apiVersion: 'v1', kind: 'Secret', name: theirs.metadata.name, uid: theirs.metadata.uid };
        await patch(admin, object, { metadata: { ownerReferences: [...(metadata.ownerReferences as object[]), reference] } });
        await cluster.changeIssuer('deleting', { reclaimPolicy: 'Retain' });
        const { ownerReferences } = (await ownedBy(cluster, host, theirs)).metadata;
        assert.deepEqual(ownerReferences, [reference]);
      });

      await t.test('a Secret of somebody else gets no owners', async () => {
        await cluster.changeIssuer('deleting', { reclaimPolicy: 'Delete' });
        const theirs = await create(admin, secret(shop, secretOf('unowned.test'), { password: 'hunter2' }));
        await create(admin, askingIngress(shop, ['unowned.test'], 'deleting'));
        // The other one has its owners again: the turn of this one is over, too.
        const told = async () => (await eventsAbout(cluster, shop, 'unowned.test')).some(({ reason }) => reason === 'SecretNotOwned');
        await eventually('it is told', told, 60_000);
        await eventually('the owners of the other', async () => ownersOf(await cluster.secret(shop, secretOf(host))).length === 3, 60_000);
        assert.equal(versionOf(await read(admin, theirs)), versionOf(theirs));
      });
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

/** The Secret of a host when these own it, in whatever order, and nobody else. */
function ownedBy(cluster: AcmeCluster, host: string, ...owners: readonly AnyObject[]): Promise<Secret> {
  const wanted = owners.map(({ metadata }) => metadata.uid).sort();
  return eventually(
    `owners of the Secret of ${host}`,
    async () => {
      const found = await cluster.secret(shop, secretOf(host));
      return isDeepStrictEqual(ownersOf(found), wanted) && found;
    },
    60_000,
  );
}

/** Their uids, sorted. */
function ownersOf(found: Secret | undefined): readonly string[] {
  return (found?.metadata.ownerReferences ?? []).map(({ uid }) => uid).sort();
}

function versionOf({ metadata }: AnyObject): unknown {
  return metadata.resourceVersion;
}
