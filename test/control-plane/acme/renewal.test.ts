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
import { create } from '../../tools/objects.ts';

/** Something wrong with a CA. */
interface Mishap {
  readonly name: string;
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
  { name: 'it is away', breaks: () => 'hang-up', told: /the CA can not be reached, / },
  {
    name: 'it is overloaded',
    breaks: (passing) => (isOrder(passing) ? { status: 503, body: 'later' } : undefined),
    told: /it answered with status 503/,
  },
  {
    name: 'it says that there were too many orders',
    breaks: (passing) => (isOrder(passing) ? problem(429, 'rateLimited', 'too many of these', { 'retry-after': '7200' }) : undefined),
    told: /too many of these \(rateLimited\)/,
  },
  {
    name: 'it answers an order with a page of somebody else',
    breaks: (passing) =>
      isOrder(passing) ? { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' } : undefined,
    told: /its answer is not as ACME has it/,
  },
  {
    name: 'it gives something that is no certificate',
    breaks: ({ path }) =>
      path.startsWith('/certZ/') ? { status: 200, headers: { 'content-type': 'application/pem-certificate-chain' }, body: 'x' } : undefined,
    onAnswer: true,
    told: /would be one that/,
  },
];

insideNamespace(import.meta.filename, replicaAddresses, () => {
  test('renewals on two replicas under load, and a CA that misbehaves at them', async (t) => {
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

    for (const { name, breaks, onAnswer, told } of mishaps) {
      await t.test(`when ${name}, the old certificate stays, and why it was not renewed is told`, async () => {
        const secret = secretOf('old.test');
        const before = await served(replicas, 'old.test', root);
        if (onAnswer) cluster.ca.onAnswer = breaks;
        else cluster.ca.onRequest = breaks;
        await cluster.renewNow(secret);
        const failure = await eventually('the failure', async () => (await cluster.state(secret)).failure, 60_000);
        assert.match(failure.message, told);
        if (name.includes('too many')) assert.ok(failure.nextAttemptMs > Date.now() + 7_000_000, 'not before the CA says');
        assert.equal((await served(replicas, 'old.test', root)).fingerprint, before.fingerprint);
        heal(cluster.ca);
        await cluster.renewNow(secret);
        await eventually(
          'it is renewed after all',
          async () => (await served(replicas, 'old.test', root)).fingerprint !== before.fingerprint,
          60_000,
        );
        await eventually('when to renew that one', async () => isSettled(await cluster.state(secret)), 60_000);
      });
    }

    await t.test('one CA that is away keeps no host of another from its certificate', async () => {
      cluster.ca.onRequest = () => 'hang-up';
      await cluster.renewNow(secretOf('old.test'));
      await create(admin, askingRoute(shop, ['new.test'], 'other'));
      await served(replicas, 'new.test', root);
      await served(replicas, 'old.test', root);
      heal(cluster.ca);
    });
  });
});

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
