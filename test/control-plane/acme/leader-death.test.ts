import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { Secret } from '../../../src/api/objects.ts';
import { secretText } from '../../../src/translate/read-certificate.ts';
import { AcmeCluster, own, replicaAddresses, shop } from '../../tools/acme/acme-cluster.ts';
import { type AcmeReplica, httpsPort, served } from '../../tools/acme/acme-replica.ts';
import { askingRoute, secretOf } from '../../tools/acme/asking-objects.ts';
import { type KillStep, killedAt, type Lane } from '../../tools/acme/kill-steps.ts';
import { Bind } from '../../tools/bind.ts';
import { eventually } from '../../tools/eventually.ts';
import type { Gate } from '../../tools/gate.ts';
import { insideNamespace } from '../../tools/network-namespace.ts';
import { create, pathOf, remove, secret } from '../../tools/objects.ts';

const ownSecrets = `/api/v1/namespaces/${own}/secrets`;
const shopSecrets = `/api/v1/namespaces/${shop}/secrets`;

/** A look of our own that takes too long on a busy machine costs 15 s, and the next one 30 s. */
const orderDeadlineMs = 180_000;

/** Issuers that differ in how they prove names, each with an account of its own. */
const issuers = ['http', 'more', 'tls', 'dns'] as const;
type Issuer = (typeof issuers)[number];

/** What each kill finds: four orders, each at another step. Over HTTP every step is there, in other ways those that differ. */
const kills: readonly Readonly<Record<Issuer, KillStep>>[] = [
  { http: 'account made', more: 'attempt begun', tls: 'probes stored', dns: 'order made' },
  { http: 'probes stored', more: 'order made', tls: 'key stored', dns: 'key stored' },
  { http: 'key stored', more: 'answers stored', tls: 'answers stored', dns: 'answers stored' },
  { http: 'answers confirmed', more: 'challenge told', tls: 'answers confirmed', dns: 'answers confirmed' },
  { http: 'validated', more: 'finalize sent', tls: 'challenge told', dns: 'challenge told' },
  { http: 'certificate fetched', more: 'certificate stored', tls: 'finalize sent', dns: 'certificate stored' },
  { http: 'answers removed', more: 'validated', tls: 'certificate stored', dns: 'answers removed' },
];

/** Two replicas, a real DNS in which names below `a` lead to the one and names below `b` to the other, and issuers that look themselves first. */
class Dying {
  readonly cluster: AcmeCluster;
  readonly bind: Bind;
  readonly #gates: ReadonlyMap<Issuer, Gate>;
  replicas: readonly AcmeReplica[];

  private constructor(cluster: AcmeCluster, bind: Bind, gates: ReadonlyMap<Issuer, Gate>, replicas: readonly AcmeReplica[]) {
    this.cluster = cluster;
    this.bind = bind;
    this.#gates = gates;
    this.replicas = replicas;
  }

  static async start(t: TestContext): Promise<Dying> {
    const [a, b] = replicaAddresses;
    const bind = await Bind.start(t, { zones: { 'kill.test': [`*.a A ${a}`, `*.b A ${b}`] }, changeable: ['kill.test'] });
    const cluster = await AcmeCluster.start(t, { dns: `${bind.primary}:53`, tlsPort: httpsPort });
    await create(cluster.admin, secret(own, 'dns-key', { 'tsig-secret': bind.secret }));
    const tsig = { keyName: bind.keyName, algorithm: 'hmac-sha256', secretRef: { name: 'dns-key' } };
    const proofs: Readonly<Record<Issuer, object>> = {
      http: { challenge: 'http-01' },
      more: { challenge: 'http-01' },
      tls: { challenge: 'tls-alpn-01' },
      dns: { challenge: 'dns-01', dns: { rfc2136: { server: `${bind.primary}:53`, tsig } } },
    };
    const gates = new Map<Issuer, Gate>();
    for (const name of issuers)
      gates.set(name, await cluster.addIssuer(name, { ...proofs[name], selfCheck: 'Strict', resolvers: [`${bind.primary}:53`] }));
    return new Dying(cluster, bind, gates, await cluster.replicas());
  }

  /** Kills the leader when each issuer has an order at the step that is given; gives the names that were ordered, by issuer. */
  async kill(label: string, steps: Readonly<Partial<Record<Issuer, KillStep>>>): Promise<ReadonlyMap<Issuer, string>> {
    const leader = await this.cluster.leader(...this.replicas);
    // As a load balancer does it, which no dead one gets anything from.
    const survivor = this.replicas.find((replica) => replica !== leader) as AcmeReplica;
    const asked = issuers.flatMap((issuer) => {
      const [step, ca] = [steps[issuer], this.#gates.get(issuer)];
      return step === undefined || ca === undefined ? [] : [{ issuer, host: nameAt(survivor, `${issuer}-${label}`), step, ca }];
    });
    const died = killedAt(leader, asked satisfies readonly Lane[]);
    for (const { issuer, host } of asked) await create(this.cluster.admin, askingRoute(shop, [host], issuer));
    await died;
    return new Map(asked.map(({ issuer, host }) => [issuer, host]));
  }

  /** Another replica in the place of the one that was killed. */
  async replace(): Promise<void> {
    const dead = this.replicas.find(({ command }) => command.child.killed) as AcmeReplica;
    await this.cluster.killed(dead);
    this.replicas = [...this.replicas.filter((replica) => replica !== dead), await this.cluster.replica(dead.address)];
  }

  /** The order of a name is over, and left nothing in DNS. */
  async isOver(host: string): Promise<void> {
    await eventually('the order is over', async () => {
      const { order, left } = await this.cluster.state(secretOf(host));
      return order === undefined && left === undefined;
    });
    assert.deepEqual(await this.bind.texts(`_acme-challenge.${host}`), []);
  }
}

/** A name that leads to this replica. */
function nameAt({ address }: AcmeReplica, label: string): string {
  return `${label}.${address === replicaAddresses[0] ? 'a' : 'b'}.kill.test`;
}

insideNamespace(
  import.meta.filename,
  replicaAddresses,
  () => {
    test('a leader that dies', async (t) => {
      const dying = await Dying.start(t);
      const { cluster } = dying;
      const accounts = new Map<Issuer, string>();

      for (const [index, steps] of kills.entries())
        await t.test(
          `leaves orders to the next one, which ends each with one certificate: ${Object.values(steps).join(', ')}`,
          async () => {
            const before = cluster.pebble.issued;
            const hosts = await dying.kill(String(index), steps);
            for (const issuer of issuers) {
              const key = await accountKey(cluster, issuer);
              assert.ok(key !== undefined, 'its key was kept before the CA heard of it');
              assert.equal(key, accounts.get(issuer) ?? key, 'the account is the same');
              accounts.set(issuer, key);
            }
            await dying.replace();
            for (const host of hosts.values()) {
              const seen = await served(dying.replicas, host, cluster.root, orderDeadlineMs);
              const kept = (await cluster.secret(shop, secretOf(host))) as Secret;
              assert.equal(new X509Certificate(secretText(kept, 'tls.crt') ?? '').fingerprint256, seen.fingerprint);
              await dying.isOver(host);
            }
            assert.equal(cluster.pebble.issued - before, hosts.size);
          },
        );

      await t.test('together with the object that asked leaves no record in DNS, and no order', async () => {
        const hosts = await dying.kill('forgotten', { dns: 'answers confirmed' });
        const host = hosts.get('dns') ?? '';
        assert.equal((await dying.bind.texts(`_acme-challenge.${host}`)).length, 1);
        await remove(cluster.admin, askingRoute(shop, [host], 'dns'));
        await dying.replace();
        await eventually('no record', async () => (await dying.bind.texts(`_acme-challenge.${host}`)).length === 0, 60_000);
        await dying.isOver(host);
        assert.equal(await cluster.secret(shop, secretOf(host)), undefined);
      });

      await t.test('for a while only, and slept past its lease, overwrites nothing of what the next one wrote', () => sleeps(dying));
    });
  },
  ['bind9', 'iproute2'],
);

async function sleeps({ cluster, replicas }: Dying): Promise<void> {
  const asleep = await cluster.leader(...replicas);
  const next = replicas.find((replica) => replica !== asleep) as AcmeReplica;
  const [host, www] = [nameAt(next, 'slept'), nameAt(next, 'www-slept')];
  const [slept, over] = [Promise.withResolvers<void>(), Promise.withResolvers<undefined>()];
  let hasCertificate = false;
  cluster.ca.onAnswer = ({ path, status }) => {
    hasCertificate ||= path.startsWith('/certZ/') && status === 200;
    return undefined;
  };
  // It has the certificate, has looked at where that goes, and finds what it saw when it wakes up.
  asleep.api.onAnswer = ({ method, path }) => {
    if (!hasCertificate || method !== 'GET' || path !== `${shopSecrets}/${secretOf(host)}`) return undefined;
    asleep.api.onAnswer = () => undefined;
    // That it leads no more it is not told at once.
    asleep.api.onRequest = (passing) => (passing.path.includes('/leases') ? over.promise : undefined);
    asleep.pause();
    slept.resolve();
    return undefined;
  };
  const route = askingRoute(shop, [host], 'pebble');
  await create(cluster.admin, route);
  await slept.promise;
  await cluster.setReady([next.address]);
  await cluster.endLease();

  await eventually('the next one leads when the lease is over', () => next.leads, 60_000);
  await eventually('the certificate', () => cluster.secret(shop, secretOf(host)), 60_000);
  // It goes on: what is wanted by now is another certificate.
  const wider = askingRoute(shop, [host, www], 'pebble');
  await cluster.admin.json({ method: 'PATCH', path: pathOf(route), body: { spec: wider.spec } });
  const both = await eventually(
    'the certificate for both names',
    async () => {
      const seen = await next.certificate(www, cluster.root);
      return seen?.names.includes('www') && seen;
    },
    60_000,
  );
  await eventually('the order is over', async () => (await cluster.state(secretOf(host))).order === undefined);
  const version = (await cluster.secret(shop, secretOf(host)))?.metadata.resourceVersion;

  const refused = () => asleep.api.count('PUT', new RegExp(`^${ownSecrets}/smartproxy-acme-`), 409);
  const before = refused();
  asleep.resume();
  await eventually('what it goes on with is refused', () => refused() > before, 60_000);
  await cluster.setReady(replicaAddresses);
  const now = await cluster.secret(shop, secretOf(host));
  assert.equal(now?.metadata.resourceVersion, version);
  over.resolve(undefined);
  await eventually('it does not lead any more', () => !asleep.leads, 60_000);
  assert.equal((await served(replicas, host, cluster.root)).fingerprint, both.fingerprint);
}

async function accountKey({ admin }: AcmeCluster, issuer: Issuer): Promise<string | undefined> {
  const { items } = await admin.json<{ items: readonly Secret[] }>({ path: ownSecrets });
  return items.find(({ metadata }) => metadata.name.startsWith(`smartproxy-acme-account-${issuer}-`))?.data?.['account.key'];
}
