import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ingress, Secret } from '../../../src/api/objects.ts';
import { Controller, type ControllerOptions } from '../../../src/controller/controller.ts';
import type { Certificate, RouteTable } from '../../../src/routes/route-table.ts';
import { ObjectStore } from '../../../src/sources/object-store.ts';
import { Translator } from '../../../src/translate/translate.ts';
import { defaultOptions } from '../../golden/default-options.ts';
import { TestAuthority } from '../../tools/test-authority.ts';
import { certificateSecret } from '../translate/certificate-secrets.ts';
import { FakeClock } from './fake-clock.ts';

class Bench {
  readonly store = new ObjectStore();
  readonly clock = new FakeClock();
  readonly published: RouteTable[] = [];
  readonly referenced: (readonly string[])[] = [];
  readonly errors: string[] = [];
  readonly translator = new Translator(defaultOptions);
  readonly controller: Controller;

  constructor(options: Partial<ControllerOptions> = {}) {
    const ignore = (): void => {};
    this.controller = new Controller({
      source: { store: this.store, setReferencedSecrets: (keys) => this.referenced.push(keys) },
      translator: this.translator,
      publisher: { publish: (table) => this.published.push(table) },
      log: { debug: ignore, info: ignore, warn: ignore, error: (_, message) => this.errors.push(message) },
      clock: this.clock,
      ...options,
    });
  }

  /** A controller that has published its first table. */
  static async started(options: Partial<ControllerOptions> = {}): Promise<Bench> {
    const bench = new Bench(options);
    bench.store.markSynced();
    bench.controller.start();
    await bench.clock.pass(1000);
    assert.equal(bench.published.length, 1);
    return bench;
  }

  addHost(host: string, secretName?: string): void {
    this.store.apply(ingress(host, secretName));
  }

  hosts(): readonly string[] {
    return [...(this.published.at(-1)?.hosts.keys() ?? [])];
  }
}

function ingress(host: string, secretName?: string): Ingress {
  const backend = { service: { name: 'web', port: { number: 80 } } };
  return {
    kind: 'Ingress',
    metadata: { namespace: 'shop', name: host },
    spec: {
      ingressClassName: 'smartproxy',
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      ...(secretName === undefined ? {} : { tls: [{ hosts: [host], secretName }] }),
    },
  };
}

function madeCertificate(key: string): Certificate {
  const { certificates } = new Translator({ ...defaultOptions, defaultCertificate: 'infra/default-tls' }).translate(
    storeWith(certificateSecret('default-tls')).snapshot(),
    defaultOptions.nowMs,
  ).routeTable;
  const template = certificates.get('default');
  assert.ok(template);
  return { ...template, key };
}

function storeWith(secret: Secret): ObjectStore {
  const store = new ObjectStore();
  store.apply(secret);
  return store;
}

test('controller publishes nothing before the source is synced', async () => {
  const bench = new Bench();
  bench.controller.start();
  bench.addHost('a.example.com');
  await bench.clock.pass(10_000);
  assert.equal(bench.published.length, 0);
  bench.store.markSynced();
  await bench.clock.pass(0);
  assert.deepEqual(bench.hosts(), ['a.example.com']);
});

test('controller publishes an empty table too, so that workers can answer 404', async () => {
  const bench = await Bench.started();
  assert.deepEqual(bench.hosts(), []);
  assert.equal(bench.controller.stats.generation, 1);
});

test('controller takes the first change after a quiet time at once', async () => {
  const bench = await Bench.started();
  bench.addHost('a.example.com');
  await bench.clock.pass(0);
  assert.deepEqual(bench.hosts(), ['a.example.com']);
});

test('controller takes several changes of one moment at once: they are one event to the user', async () => {
  const bench = await Bench.started();
  bench.addHost('a.example.com');
  bench.addHost('b.example.com');
  await bench.clock.pass(0);
  assert.deepEqual(bench.hosts(), ['a.example.com', 'b.example.com']);
  assert.equal(bench.published.length, 2);
});

test('controller collects changes for the hold-off and makes one table of them', async () => {
  const bench = await Bench.started();
  bench.addHost('a.example.com');
  await bench.clock.pass(0);
  for (const host of ['b.example.com', 'c.example.com', 'd.example.com']) {
    bench.addHost(host);
    await bench.clock.pass(30);
  }
  assert.equal(bench.published.length, 2);
  await bench.clock.pass(100);
  assert.equal(bench.published.length, 3);
  assert.equal(bench.hosts().length, 4);
});

test('controller lets no change wait longer than the maximum while changes go on', async () => {
  const bench = await Bench.started();
  bench.addHost('first.example.com');
  await bench.clock.pass(0);
  for (let index = 0; index < 21; index++) {
    bench.addHost(`host-${index}.example.com`);
    await bench.clock.pass(50);
  }
  assert.equal(bench.published.length, 3);
});

test('controller does not publish a table that is as before', async () => {
  const told: number[] = [];
  const bench = await Bench.started({ onTranslation: ({ problems }) => told.push(problems.length) });
  bench.store.apply({ kind: 'Namespace', metadata: { name: 'shop' } });
  await bench.clock.pass(1000);
  assert.equal(bench.published.length, 1);
  assert.equal(told.length, 2);
});

test('controller keeps the last good table when translating fails, and goes on with the next change', async () => {
  let broken = false;
  const translator = new Translator(defaultOptions);
  const bench = await Bench.started({
    translator: {
      translate: (objects, nowMs) => {
        if (broken) throw new Error('a bug');
        return translator.translate(objects, nowMs);
      },
    },
  });
  broken = true;
  bench.addHost('a.example.com');
  await bench.clock.pass(1000);
  assert.equal(bench.published.length, 1);
  assert.equal(bench.controller.stats.failures, 1);
  assert.equal(bench.errors.length, 1);
  broken = false;
  bench.addHost('b.example.com');
  await bench.clock.pass(1000);
  assert.deepEqual(bench.hosts(), ['a.example.com', 'b.example.com']);
});

test('controller keeps the last good table when a new one breaks an invariant', async () => {
  const translator = new Translator(defaultOptions);
  const bench = await Bench.started({
    translator: {
      translate: (objects, nowMs) => {
        const translation = translator.translate(objects, nowMs);
        return { ...translation, routeTable: { ...translation.routeTable, policies: new Map() } };
      },
    },
  });
  bench.addHost('a.example.com');
  await bench.clock.pass(1000);
  assert.deepEqual(bench.controller.routeTable.hosts.size, 0);
  assert.equal(bench.controller.stats.failures, 1);
});

test('controller waits a moment for a newly referenced Secret and publishes as soon as it is there', async () => {
  const bench = await Bench.started({ secretGraceMs: 500 });
  bench.addHost('shop.example.com', 'shop-ec');
  await bench.clock.pass(50);
  assert.deepEqual(bench.referenced.at(-1), ['shop/shop-ec']);
  assert.equal(bench.published.length, 1);
  bench.store.apply(certificateSecret('shop-ec'));
  await bench.clock.pass(100);
  assert.deepEqual(bench.published.at(-1)?.hosts.get('shop.example.com')?.tls, { kind: 'terminate', certificates: ['shop/shop-ec'] });
  assert.equal(bench.published.length, 2);
});

test('controller publishes without a Secret that does not come, and other changes wait no longer for it', async () => {
  const bench = await Bench.started({ secretGraceMs: 500 });
  bench.addHost('shop.example.com', 'missing');
  await bench.clock.pass(400);
  bench.addHost('other.example.com', 'missing-too');
  await bench.clock.pass(150);
  assert.deepEqual(bench.hosts(), ['other.example.com', 'shop.example.com']);
  assert.equal(bench.controller.stats.problems.SecretNotFound, 2);
});

test('controller translates again when a certificate expires', async () => {
  const bench = new Bench();
  const secret = certificateSecret('shop-ec');
  bench.store.apply(secret);
  bench.addHost('shop.example.com', 'shop-ec');
  bench.store.markSynced();
  bench.controller.start();
  await bench.clock.pass(0);
  assert.equal(bench.controller.stats.problems.CertificateExpired, 0);
  await bench.clock.pass(100 * 366 * 86_400_000);
  assert.equal(bench.controller.stats.problems.CertificateExpired, 1);
});

test('controller translates again when a list of revoked certificates begins and ends', async () => {
  const bench = new Bench();
  const authority = await TestAuthority.make('CN=CA');
  const data = { 'ca.crt': Buffer.from(authority.ca).toString('base64'), 'ca.crl': (await authority.revoke([])).toString('base64') };
  bench.store.apply({ kind: 'Secret', metadata: { namespace: 'shop', name: 'ca' }, data });
  const asking = ingress('shop.example.com');
  const annotations = { 'smartproxy.dev/auth-tls-secret': 'ca' };
  bench.store.apply({ ...asking, metadata: { ...asking.metadata, annotations } });
  bench.store.markSynced();
  bench.controller.start();
  await bench.clock.pass(0);
  assert.equal(bench.controller.stats.problems.RevocationListExpired, 1, 'it is not valid yet');
  await bench.clock.pass(Date.now() - bench.clock.now());
  assert.equal(bench.controller.stats.problems.RevocationListExpired, 0);
  await bench.clock.pass(2 * 86_400_000);
  assert.equal(bench.controller.stats.problems.RevocationListExpired, 1);
});

test('controller adds made certificates to hosts without one, and a default one, and keeps their references', async () => {
  const asked: (readonly string[])[] = [];
  const made = [madeCertificate('default'), madeCertificate('local-ca/a.example.com')];
  const bench = await Bench.started({
    secretGraceMs: 0,
    certificatesFor: (hosts) => {
      asked.push(hosts);
      return Promise.resolve(made.filter(({ key }) => key === 'default' || hosts.includes(key.slice('local-ca/'.length))));
    },
  });
  bench.addHost('a.example.com', 'none');
  await bench.clock.pass(1000);
  const table = bench.published.at(-1);
  assert.deepEqual(asked.at(-1), ['a.example.com']);
  assert.deepEqual(table?.hosts.get('a.example.com')?.tls, { kind: 'terminate', certificates: ['local-ca/a.example.com'] });
  assert.deepEqual([...(table?.certificates.keys() ?? [])].sort(), ['default', 'local-ca/a.example.com']);
  bench.addHost('plain.example.com');
  await bench.clock.pass(1000);
  const next = bench.published.at(-1);
  assert.notEqual(next, table);
  assert.equal(next?.hosts.get('a.example.com'), table?.hosts.get('a.example.com'));
  assert.equal(next?.certificates, table?.certificates);
});

test('controller publishes without made certificates when making them fails', async () => {
  const bench = await Bench.started({ secretGraceMs: 0, certificatesFor: () => Promise.reject(new Error('no state folder')) });
  bench.addHost('a.example.com', 'none');
  await bench.clock.pass(1000);
  assert.deepEqual(bench.hosts(), ['a.example.com']);
  assert.ok(bench.errors.length > 0);
});

test('controller runs again for a change that comes while certificates are made', async () => {
  const waiting: (() => void)[] = [];
  const bench = new Bench({ certificatesFor: () => new Promise((resolve) => waiting.push(() => resolve([]))) });
  bench.store.markSynced();
  bench.controller.start();
  await bench.clock.pass(0);
  bench.addHost('a.example.com');
  await bench.clock.pass(1000);
  assert.equal(bench.published.length, 0);
  waiting.shift()?.();
  await bench.clock.pass(1000);
  waiting.shift()?.();
  await bench.clock.pass(1000);
  assert.deepEqual(bench.hosts(), ['a.example.com']);
});

test('controller publishes nothing after close and leaves no timer', async () => {
  const bench = await Bench.started();
  bench.controller.close();
  bench.addHost('a.example.com');
  await bench.clock.pass(10_000);
  assert.equal(bench.published.length, 1);
  assert.equal(bench.clock.pending, 0);
});

test('controller goes on when telling of a translation throws', async () => {
  const bench = await Bench.started({
    onTranslation: () => {
      throw new Error('a bug elsewhere');
    },
  });
  assert.equal(bench.errors.length, 1);
  bench.addHost('a.example.com');
  await bench.clock.pass(1000);
  assert.deepEqual(bench.hosts(), ['a.example.com']);
});
