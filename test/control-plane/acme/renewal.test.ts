import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { AcmeCluster, replicaAddresses, shop } from '../../tools/acme/acme-cluster.ts';
import { type AcmeReplica, httpsPort, served } from '../../tools/acme/acme-replica.ts';
import { askingRoute, secretOf } from '../../tools/acme/asking-objects.ts';
import { eventually } from '../../tools/eventually.ts';
import type { Gate, GateAnswer, GateRequest, InsteadOf } from '../../tools/gate.ts';
import { insideNamespace } from '../../tools/network-namespace.ts';
import { create, read } from '../../tools/objects.ts';

/** Something wrong with a CA. */
interface Mishap {
  /** Of an issuer, which has no other trouble. */
  readonly issuer: string;
  /** What goes wrong with orders from then on. */
  readonly breaks: (passing: GateRequest | GateAnswer) => InsteadOf | undefined;
  readonly onAnswer?: true;
  readonly told: RegExp;
}

const problem = (status: number, type: string, detail: string, headers = {}): InsteadOf => ({
  status,
  headers: { 'content-type': 'application/problem+json', ...headers },
  body: JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail }),
});
const isOrder = ({ method, path }: GateRequest): boolean => method === 'POST' && path === '/order-plz';

const mishaps: readonly Mishap[] = [
  { issuer: 'away', breaks: () => 'hang-up', told: /: the CA can not be reached, / },
  {
    issuer: 'overloaded',
    breaks: (passing) => (isOrder(passing) ? problem(503, 'serverInternal', 'The CA is being repaired.') : undefined),
    told: /: The CA is being repaired \(serverInternal\)/,
  },
  {
    issuer: 'limiting',
    breaks: (passing) => (isOrder(passing) ? problem(429, 'rateLimited', 'too many of these', { 'retry-after': '7200' }) : undefined),
    told: /: too many of these \(rateLimited\)/,
  },
  {
    // A page of somebody else answers.
    issuer: 'parked',
    breaks: (passing) =>
      isOrder(passing) ? { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' } : undefined,
    told: /what is neither JSON nor PEM \(Content-Type text\/html\); look at directory/,
  },
  {
    // What it gives is no certificate.
    issuer: 'broken',
    breaks: ({ path }) =>
      path.startsWith('/certZ/') ? { status: 200, headers: { 'content-type': 'application/pem-certificate-chain' }, body: 'x' } : undefined,
    onAnswer: true,
    told: /what is neither JSON nor PEM/,
  },
];

insideNamespace(import.meta.filename, replicaAddresses, () => {
  test('renewals on two replicas under load, and CAs that misbehave at them', async (t) => {
    const cluster = await AcmeCluster.start(t);
    const replicas = await cluster.replicas();
    const { admin, pebble, root } = cluster;
    for (const host of ['old.test', 'new.test']) await pebble.resolve(host, ...replicaAddresses);
    await create(admin, askingRoute(shop, ['old.test'], 'pebble'));
    const first = await served(replicas, 'old.test', root);
    await eventually('when to renew', async () => (await cluster.state(secretOf('old.test'))).renewal, 60_000);

    await t.test('three renewals lose no request of new and kept connections, on both', async (t) => {
      const load = new Load(replicas, 'old.test');
      t.after(() => load.stop());
      let shown = first.fingerprint;
      for (let count = 0; count < 3; count++) {
        await load.more(50);
        await cluster.renewNow(secretOf('old.test'));
        shown = await eventually(
          'another certificate on both',
          async () => {
            const { fingerprint } = await served(replicas, 'old.test', root);
            return fingerprint !== shown && fingerprint;
          },
          60_000,
        );
        await eventually('when to renew that one', async () => isSettled(await cluster.state(secretOf('old.test'))), 60_000);
      }
      await load.more(50);
      await load.stop();
      assert.deepEqual(load.lost, []);
      assert.equal(load.keptConnections, replicas.length, 'nobody was cut off');
    });

    await t.test('while CAs misbehave, old certificates stay, and each object says what its CA says and when the next try is', async () => {
      const cases: Awaited<ReturnType<typeof begun>>[] = [];
      for (const mishap of mishaps) cases.push(await begun(cluster, mishap));
      const before = new Map<string, string>();
      for (const { host, secret } of cases) {
        before.set(host, (await served(replicas, host, root)).fingerprint);
        await eventually('when to renew', async () => isSettled(await cluster.state(secret)), 60_000);
      }
      for (const { gate, breaks, onAnswer } of cases) {
        if (onAnswer) gate.onAnswer = breaks;
        else gate.onRequest = breaks;
      }
      for (const { secret } of cases) await cluster.renewNow(secret);
      for (const { host, secret, told, issuer } of cases) {
        const { failure, condition } = await eventually(
          `the condition of ${host}`,
          async () => {
            const { failure: kept } = await cluster.state(secret);
            const found = await conditionOf(cluster, host);
            const nextAttempt = kept && new Date(kept.nextAttemptMs).toISOString();
            return kept && found?.message.includes(`the next try is at ${nextAttempt}`) === true && { failure: kept, condition: found };
          },
          90_000,
        );
        assert.match(condition.message, told);
        assert.match(
          condition.message,
          new RegExp(`no new certificate from issuer "${issuer}", and the old one, valid until 20.*, stays: `),
        );
        assert.equal(`${condition.status} ${condition.reason}`, 'False CertificateNotIssued');
        if (issuer === 'limiting') assert.ok(failure.nextAttemptMs > Date.now() + 7_000_000, 'not before the CA says');
        assert.equal((await served(replicas, host, root)).fingerprint, before.get(host));
      }
      // One CA that is away keeps nobody from the certificates of another.
      await create(admin, askingRoute(shop, ['new.test'], 'other'));
      await served(replicas, 'new.test', root);

      for (const { gate } of cases) heal(gate);
      for (const { secret } of cases) await cluster.renewNow(secret);
      for (const { host, secret } of cases) {
        await eventually(
          `${host} is renewed after all`,
          async () => (await served(replicas, host, root)).fingerprint !== before.get(host),
          60_000,
        );
        await eventually('when to renew that one', async () => isSettled(await cluster.state(secret)), 60_000);
      }
    });
  });
});

/** A certificate of an issuer of its own, asked for by an object of its own. */
async function begun(cluster: AcmeCluster, mishap: Mishap) {
  const { issuer } = mishap;
  const gate = await cluster.addIssuer(issuer);
  const host = `${issuer}.test`;
  await cluster.pebble.resolve(host, ...replicaAddresses);
  await create(cluster.admin, askingRoute(shop, [host], issuer));
  return { ...mishap, host, gate, secret: secretOf(host) };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** What the SmartRoute of a host says of what it refers to. */
async function conditionOf({ admin }: AcmeCluster, host: string): Promise<Condition | undefined> {
  const { status } = (await read(admin, askingRoute(shop, [host], ''))) as {
    readonly status?: { readonly conditions?: readonly Condition[] };
  };
  return status?.conditions?.find(({ type }) => type === 'ResolvedRefs');
}

function heal(gate: Gate): void {
  gate.onRequest = () => undefined;
  gate.onAnswer = () => undefined;
}

/** No order is under way, and when the next one comes is known. */
function isSettled({ order, renewal, failure }: Awaited<ReturnType<AcmeCluster['state']>>): boolean {
  return order === undefined && failure === undefined && renewal !== undefined && renewal.atMs > 1;
}

/** Clients of every replica, one on a kept connection and one on new ones, that ask without a pause and keep what is not as it should be. */
class Load {
  readonly lost: string[] = [];
  readonly #agents: Agent[] = [];
  readonly #sockets = new Set<unknown>();
  readonly #lanes: Promise<void>[];
  #answered = 0;
  #stopping = false;

  constructor(replicas: readonly AcmeReplica[], host: string) {
    this.#lanes = replicas.flatMap(({ address }) => {
      const kept = new Agent({ keepAlive: true, maxSockets: 1 });
      this.#agents.push(kept);
      return [this.#lane(address, host, kept), this.#lane(address, host, false)];
    });
  }

  get keptConnections(): number {
    return this.#sockets.size;
  }

  /** Resolves after so many more answers. */
  async more(count: number): Promise<void> {
    const wanted = this.#answered + count;
    await eventually(`${count} more answers`, () => this.#answered >= wanted);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#lanes);
    for (const agent of this.#agents) agent.destroy();
  }

  async #lane(address: string, host: string, agent: Agent | false): Promise<void> {
    while (!this.#stopping) {
      const answer = await this.#ask(address, host, agent).catch((error) => String(error));
      this.#answered++;
      if (answer !== 'served') this.lost.push(answer);
      await delay(10);
    }
  }

  /** The certificate changes meanwhile, and is not what is looked at here. */
  #ask(address: string, host: string, agent: Agent | false): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { host: address, port: httpsPort, servername: host, headers: { host }, agent, rejectUnauthorized: false };
      const sent = request(options, (response) => {
        response.toArray().then((chunks) => resolve(Buffer.concat(chunks).toString()), reject);
      });
      sent.once('socket', (socket) => agent !== false && this.#sockets.add(socket));
      sent.once('error', reject);
      sent.end();
    });
  }
}
