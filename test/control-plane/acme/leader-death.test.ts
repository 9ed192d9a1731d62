import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { Secret } from '../../../src/api/objects.ts';
import { secretText } from '../../../src/translate/read-certificate.ts';
import { AcmeCluster, own, replicaAddresses, shop } from '../../tools/acme/acme-cluster.ts';
import { type AcmeReplica, served } from '../../tools/acme/acme-replica.ts';
import { askingRoute, secretOf } from '../../tools/acme/asking-objects.ts';
import { eventually } from '../../tools/eventually.ts';
import type { Gate, GateRequest } from '../../tools/gate.ts';
import { insideNamespace } from '../../tools/network-namespace.ts';
import { create, pathOf } from '../../tools/objects.ts';

const ownSecrets = `/api/v1/namespaces/${own}/secrets`;
const stateSecret = new RegExp(`^${ownSecrets}/smartproxy-acme-[0-9a-f]{24}$`);
const shopSecrets = `/api/v1/namespaces/${shop}/secrets`;

/** What passes when a leader dies: it never sees the answer. */
interface Step {
  /** What was done just then. */
  readonly name: string;
  /** Between it and the CA, or the API server. */
  readonly at: 'ca' | 'api';
  readonly method: 'POST' | 'PUT';
  readonly path: RegExp;
  /** Of the answer; undefined: the request itself does not arrive. */
  readonly status: number | undefined;
  /** When it passes for the so-and-so-many-th time. @default 1 */
  readonly nth?: number;
}

const steps: readonly Step[] = [
  { name: 'account made', at: 'ca', method: 'POST', path: /^\/sign-me-up$/, status: 201 },
  { name: 'attempt begun', at: 'api', method: 'POST', path: new RegExp(`^${ownSecrets}$`), status: 201 },
  { name: 'order made', at: 'ca', method: 'POST', path: /^\/order-plz$/, status: 201 },
  { name: 'key stored', at: 'api', method: 'PUT', path: stateSecret, status: 200 },
  { name: 'answers stored', at: 'api', method: 'PUT', path: stateSecret, status: 200, nth: 2 },
  { name: 'challenge told', at: 'ca', method: 'POST', path: /^\/chalZ\//, status: 200 },
  { name: 'validated', at: 'ca', method: 'POST', path: /^\/finalize-order\//, status: undefined },
  { name: 'finalize sent', at: 'ca', method: 'POST', path: /^\/finalize-order\//, status: 200 },
  { name: 'certificate fetched', at: 'ca', method: 'POST', path: /^\/certZ\//, status: 200 },
  { name: 'certificate stored', at: 'api', method: 'POST', path: new RegExp(`^${shopSecrets}$`), status: 201 },
];

/** Resolves when it has come to this step, and `then` was done about it. */
function reached(gate: Gate, { method, path, status, nth = 1 }: Step, then: () => void): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    const rule = (passing: GateRequest & { readonly status?: number }): 'hang-up' | undefined => {
      const isIt = passing.method === method && path.test(passing.path) && passing.query === '' && passing.status === status;
      if (!isIt || ++count < nth) return undefined;
      gate.onRequest = () => undefined;
      gate.onAnswer = () => undefined;
      then();
      resolve();
      return 'hang-up';
    };
    if (status === undefined) gate.onRequest = rule;
    else gate.onAnswer = rule;
  });
}

insideNamespace(import.meta.filename, replicaAddresses, () => {
  test('a leader that is killed leaves its order to the next one, which ends it with one certificate on both replicas', async (t) => {
    const cluster = await AcmeCluster.start(t);
    let replicas: readonly AcmeReplica[] = await cluster.replicas();
    let account: string | undefined;
    for (const step of steps) {
      await t.test(step.name, async () => {
        const host = `${step.name.replaceAll(' ', '-')}.test`;
        const before = cluster.pebble.issued;
        const leader = await cluster.leader(...replicas);
        const died = reached(step.at === 'ca' ? cluster.ca : leader.api, step, () => leader.kill());
        // As a load balancer does it, which no dead one gets anything from.
        await cluster.pebble.resolve(host, ...replicas.filter((replica) => replica !== leader).map(({ address }) => address));
        await create(cluster.admin, askingRoute(shop, [host], 'pebble'));
        await died;
        account ??= await accountKey(cluster);
        assert.ok(account !== undefined, 'its key was kept before the CA heard of it');
        await cluster.killed(leader);
        replicas = [...replicas.filter((replica) => replica !== leader), await cluster.replica(leader.address)];

        const seen = await served(replicas, host, cluster.root);
        const secret = (await cluster.secret(shop, secretOf(host))) as Secret;
        assert.equal(new X509Certificate(secretText(secret, 'tls.crt') ?? '').fingerprint256, seen.fingerprint);
        await eventually('the order is over', async () => (await cluster.state(secretOf(host))).order === undefined);
        assert.equal(cluster.pebble.issued - before, 1);
        assert.ok((await accountKey(cluster)) === account, 'the account is the same');
      });
    }
  });

  test('a leader that slept past its lease overwrites nothing of what the next one wrote', async (t) => {
    const cluster = await AcmeCluster.start(t);
    const replicas = await cluster.replicas();
    const asleep = await cluster.leader(...replicas);
    const next = replicas.find((replica) => replica !== asleep) as AcmeReplica;
    const [sleeps, over] = [Promise.withResolvers<void>(), Promise.withResolvers<undefined>()];
    let hasCertificate = false;
    cluster.ca.onAnswer = ({ path, status }) => {
      hasCertificate ||= path.startsWith('/certZ/') && status === 200;
      return undefined;
    };
    // It has the certificate, has looked at where that goes, and finds what it saw when it wakes up.
    asleep.api.onAnswer = ({ method, path }) => {
      if (!hasCertificate || method !== 'GET' || path !== `${shopSecrets}/${secretOf('slept.test')}`) return undefined;
      asleep.api.onAnswer = () => undefined;
      // That it leads no more it is not told at once.
      asleep.api.onRequest = (passing) => (passing.path.includes('/leases') ? over.promise : undefined);
      asleep.pause();
      sleeps.resolve();
      return undefined;
    };
    for (const host of ['slept.test', 'www.slept.test']) await cluster.pebble.resolve(host, next.address);
    const route = askingRoute(shop, ['slept.test'], 'pebble');
    await create(cluster.admin, route);
    await sleeps.promise;
    await cluster.setReady([next.address]);

    await eventually('the next one leads when the lease is over', () => next.leads, 60_000);
    await eventually('the certificate', () => cluster.secret(shop, secretOf('slept.test')), 60_000);
    // It goes on: what is wanted by now is another certificate.
    const wider = askingRoute(shop, ['slept.test', 'www.slept.test'], 'pebble');
    await cluster.admin.json({ method: 'PATCH', path: pathOf(route), body: { spec: wider.spec } });
    const both = await eventually(
      'the certificate for both names',
      async () => {
        const seen = await next.certificate('www.slept.test', cluster.root);
        return seen?.names.includes('www') && seen;
      },
      60_000,
    );
    await eventually('the order is over', async () => (await cluster.state(secretOf('slept.test'))).order === undefined);
    const version = (await cluster.secret(shop, secretOf('slept.test')))?.metadata.resourceVersion;

    const refused = () => asleep.api.count('PUT', new RegExp(`^${ownSecrets}/smartproxy-acme-`), 409);
    const before = refused();
    asleep.resume();
    await eventually('what it goes on with is refused', () => refused() > before, 60_000);
    await eventually('it does not lead any more', () => !asleep.leads, 60_000);
    await cluster.setReady(replicaAddresses);
    const now = await cluster.secret(shop, secretOf('slept.test'));
    assert.equal(now?.metadata.resourceVersion, version);
    assert.equal((await served(replicas, 'slept.test', cluster.root)).fingerprint, both.fingerprint);
    over.resolve(undefined);
  });
});

/** Of the issuer `pebble`. */
async function accountKey({ admin }: AcmeCluster): Promise<string | undefined> {
  const { items } = await admin.json<{ items: readonly Secret[] }>({ path: ownSecrets });
  return items.find(({ metadata }) => metadata.name.startsWith('smartproxy-acme-account-pebble-'))?.data?.['account.key'];
}
