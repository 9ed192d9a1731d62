import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { AcmeClock } from '../../src/acme/acme-clock.ts';
import type { AcmeSecrets } from '../../src/acme/acme-secrets.ts';
import type { Secret } from '../../src/api/objects.ts';
import { systemClock } from '../../src/controller/controller-clock.ts';
import { acmeStateName } from '../../src/translate/acme-state.ts';
import { readAcmeState } from '../../src/translate/read-acme-state.ts';
import { secretText } from '../../src/translate/read-certificate.ts';
import { issuer, namespace, startCaOfFile, startManager, wanted } from '../tools/acme/ordering.ts';
import { eventually } from '../tools/eventually.ts';
import { Gate } from '../tools/gate.ts';
import { Pebble } from '../tools/pebble.ts';
import { makeExpiredCertificate, makeTestCertificate } from '../tools/test-certificate.ts';

const { pebble, secrets, httpPort } = await startCaOfFile({ blocked: ['blocked.test'] });

function issuerOf(more: Parameters<typeof issuer>[1] = {}) {
  return issuer(pebble.directory, { ca: pebble.trusted, ...more });
}

function leafOf(secret: Secret | undefined): X509Certificate {
  assert.ok(secret);
  return new X509Certificate(secretText(secret, 'tls.crt') ?? '');
}

async function gateToCa(t: TestContext): Promise<Gate> {
  const gate = await Gate.start(Number(new URL(pebble.directory).port));
  t.after(() => gate.close());
  return gate;
}

/** What a signed request (JWS, RFC 8555, 6.2) says. */
function payloadOf(body: string): object {
  const { payload } = JSON.parse(body) as { payload: string };
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
}

test('a certificate for several names is issued, put into its Secret, and not ordered again', async () => {
  const of = issuerOf({ email: 'ops@example.com' });
  const { manager, stop } = startManager({ secrets });
  manager.active = true;
  manager.update([wanted(secrets, of, 'shop/tls', 'shop.test', 'www.shop.test')]);
  await eventually('the Secret', () => secrets.objects.has('shop/tls'), 60_000);
  const secret = secrets.objects.get('shop/tls');
  assert.equal(secret?.type, 'kubernetes.io/tls');
  assert.equal(leafOf(secret).subjectAltName, 'DNS:shop.test, DNS:www.shop.test');
  await eventually('its order is over', () => wanted(secrets, of, 'shop/tls', 'shop.test').state.order === undefined);
  // With what it has now there is but one thing to do: ask the CA when to renew.
  manager.update([wanted(secrets, of, 'shop/tls', 'shop.test', 'www.shop.test')]);
  const renewal = await eventually('when to renew', () => wanted(secrets, of, 'shop/tls', 'shop.test').state.renewal, 20_000);
  assert.ok(renewal.atMs > Date.now() && renewal.atMs < leafOf(secret).validToDate.getTime());
  assert.equal(pebble.issued, 1);
  await stop();
});

test('a Secret that is made has its owners from the first write on, as they are then', async () => {
  const owner = (uid: string) => ({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: 'shop', name: uid, uid });
  const written: Secret[] = [];
  secrets.beforeWrite = (secret) => {
    if (secret.metadata.name === 'owned') written.push(secret);
  };
  const before = { ...wanted(secrets, issuerOf(), 'shop/owned', 'owned.test'), owners: [owner('before')] };
  let isUnderWay = false;
  const confirm = async () => {
    isUnderWay = true;
    manager.update([{ ...before, owners: [owner('now')] }]);
    return undefined;
  };
  const { manager, stop } = startManager({ secrets, confirm });
  manager.active = true;
  manager.update([before]);
  await eventually('the Secret', () => written.length > 0, 60_000);
  await stop();
  secrets.beforeWrite = () => {};
  assert.ok(isUnderWay);
  const uids = written[0]?.metadata.ownerReferences?.map(({ uid }) => uid);
  assert.deepEqual(uids, ['now']);
});

test('an order goes on where its leader died, whatever it wrote last, with one certificate for it', async () => {
  const of = issuerOf();
  for (let step = 1; ; step++) {
    const key = `shop/died-${step}`;
    const host = `died-${step}.test`;
    const before = pebble.issued;
    const isWhole = () => secrets.objects.has(key) && wanted(secrets, of, key, host).state.order === undefined;
    const first = startManager({ secrets });
    let writes = 0;
    secrets.beforeWrite = () => {
      if (++writes > step) throw new Error('dead');
    };
    first.manager.active = true;
    first.manager.update([wanted(secrets, of, key, host)]);
    await eventually('it died, or came to the end', () => first.reported.length > 0 || isWhole(), 60_000);
    await first.stop();
    secrets.beforeWrite = () => {};
    const survived = isWhole();
    const second = startManager({ secrets });
    second.manager.active = true;
    second.manager.update([wanted(secrets, of, key, host)]);
    await eventually('the certificate', () => secrets.objects.has(key), 60_000);
    await eventually('the end of the order', isWhole);
    await second.stop();
    assert.equal(leafOf(secrets.objects.get(key)).subjectAltName, `DNS:${host}`);
    assert.equal(pebble.issued - before, 1, `died after write ${step}`);
    if (survived) break;
  }
});

test('two leaders at once end with one certificate each could serve, and one key that fits it', async () => {
  const of = issuerOf();
  const both = [startManager({ secrets }), startManager({ secrets })];
  for (const { manager } of both) {
    manager.active = true;
    manager.update([wanted(secrets, of, 'shop/two', 'two.test')]);
  }
  await eventually('the Secret', () => secrets.objects.has('shop/two'), 60_000);
  await eventually('the end of the order', () => wanted(secrets, of, 'shop/two', 'two.test').state.order === undefined, 30_000);
  await Promise.all(both.map(({ stop }) => stop()));
  assert.ok(wanted(secrets, of, 'shop/two', 'two.test').present, 'key and certificate belong together');
});

test('a leader that slept while another one went on puts nothing in the place of what that one wrote', async () => {
  const of = issuerOf();
  const [asleep, awake] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let reads = 0;
  // It has the certificate, and falls asleep on its way to where that goes.
  const sleepy: AcmeSecrets = {
    async read(key) {
      if (key === 'shop/asleep' && ++reads === 3) {
        asleep.resolve();
        await awake.promise;
      }
      return secrets.read(key);
    },
    write: (secret) => secrets.write(secret),
    probe: () => secrets.probe(),
    remove: (key) => secrets.remove(key),
    list: (of, type) => secrets.list(of, type),
  };
  const [first, second] = [startManager({ secrets: sleepy }), startManager({ secrets })];
  first.manager.active = true;
  first.manager.update([wanted(secrets, of, 'shop/asleep', 'asleep.test')]);
  await asleep.promise;
  second.manager.active = true;
  const names = ['asleep.test', 'www.asleep.test'];
  await eventually(
    'the certificate that is wanted by now',
    () => {
      second.manager.update([wanted(secrets, of, 'shop/asleep', ...names)]);
      return secrets.objects.has('shop/asleep') && leafOf(secrets.objects.get('shop/asleep')).subjectAltName?.includes('www');
    },
    60_000,
  );
  await second.stop();
  awake.resolve();
  await first.stop();
  assert.match(leafOf(secrets.objects.get('shop/asleep')).subjectAltName ?? '', /www/);
});

test('a certificate of ninety days is renewed when its time has come, by a clock that is moved, and not before', async () => {
  const of = issuerOf();
  let aheadMs = 0;
  const clock: AcmeClock = { now: () => systemClock.now() + aheadMs, after: (ms, run) => systemClock.after(ms, run) };
  const { manager, stop } = startManager({ secrets, clock });
  const shown = () => leafOf(secrets.objects.get('shop/moved')).fingerprint256;
  /** As a change of Secrets makes it known. */
  const updated = () => {
    const now = wanted(secrets, of, 'shop/moved', 'moved.test');
    manager.update([now]);
    return now.state;
  };
  manager.active = true;
  updated();
  await eventually('the certificate', () => secrets.objects.has('shop/moved'), 60_000);
  const first = shown();
  const renewal = await eventually('when to renew', () => updated().renewal, 20_000);
  aheadMs = renewal.atMs - systemClock.now() - 60_000;
  await eventually('the CA is asked again', () => (updated().renewal?.checkMs ?? 0) > renewal.checkMs, 20_000);
  assert.equal(shown(), first);
  aheadMs = (updated().renewal?.atMs ?? 0) - systemClock.now();
  await eventually(
    'another certificate',
    () => {
      updated();
      return shown() !== first;
    },
    60_000,
  );
  await stop();
});

test('a clock that is set back by hours after a try that failed keeps nobody waiting for hours', async () => {
  const of = issuerOf();
  let aheadMs = 8 * 3_600_000;
  const clock: AcmeClock = { now: () => systemClock.now() + aheadMs, after: (ms, run) => systemClock.after(ms, run) };
  const confirm = async () => (aheadMs > 0 ? 'the network is not there yet' : undefined);
  const { manager, stop } = startManager({ secrets, clock, confirm });
  manager.active = true;
  const updated = () => {
    const now = wanted(secrets, of, 'shop/set-back', 'set-back.test');
    manager.update([now]);
    return now.state;
  };
  await eventually('a try that fails', () => updated().failure, 20_000);
  aheadMs = 0;
  await eventually('the certificate', () => updated() && secrets.objects.has('shop/set-back'), 30_000);
  await stop();
});

test('another directory of the same issuer, as from staging to production, is another account and another certificate in its place', async () => {
  const production = await Pebble.start({ httpPort });
  try {
    const { manager, stop } = startManager({ secrets });
    manager.active = true;
    manager.update([wanted(secrets, issuerOf(), 'shop/staged', 'staged.test')]);
    await eventually('the certificate of staging', () => secrets.objects.has('shop/staged'), 60_000);
    await eventually('its order is over', () => wanted(secrets, issuerOf(), 'shop/staged', 'staged.test').state.order === undefined);
    const staged = leafOf(secrets.objects.get('shop/staged'));
    const of = issuer(production.directory, { ca: production.trusted });
    await eventually(
      'that of production',
      () => {
        manager.update([wanted(secrets, of, 'shop/staged', 'staged.test')]);
        return leafOf(secrets.objects.get('shop/staged')).fingerprint256 !== staged.fingerprint256;
      },
      60_000,
    );
    const leaf = leafOf(secrets.objects.get('shop/staged'));
    assert.notEqual(leaf.issuer, staged.issuer);
    assert.equal(secrets.objects.get('shop/staged')?.metadata.annotations?.['smartproxy.dev/acme-directory'], production.directory);
    assert.equal([...secrets.objects.keys()].filter((key) => key.startsWith(`${namespace}/smartproxy-acme-account-test-`)).length, 2);
    assert.equal(production.issued, 1);
    await stop();
  } finally {
    await production.stop();
  }
});

test('an order asks for its authorizations once, not at every look', async (t) => {
  const gate = await gateToCa(t);
  const of = issuer(`https://localhost:${gate.port}/dir`, { ca: gate.trusted });
  const { manager, stop } = startManager({ secrets });
  manager.active = true;
  manager.update([wanted(secrets, of, 'shop/once', 'once.test')]);
  await eventually('the certificate', () => secrets.objects.has('shop/once'), 60_000);
  await stop();
  // What is refused for its nonce is asked again.
  assert.equal(gate.count('POST', /^\/authZ\//, 200), 1);
});

test("what the CA refuses is kept in its own words, tried again later, and nobody else's certificate suffers", async () => {
  const of = issuerOf();
  const { manager, stop } = startManager({ secrets });
  manager.active = true;
  const list = () => [
    wanted(secrets, of, 'shop/blocked', 'blocked.test'),
    wanted(secrets, of, 'shop/wrong', 'wrong.test'),
    wanted(secrets, of, 'shop/good', 'good.test'),
  ];
  await pebble.resolve('wrong.test', '127.0.0.9');
  manager.update(list());
  await eventually('the good one', () => secrets.objects.has('shop/good'), 60_000);
  const [blocked, wrong] = await eventually(
    'both refusals',
    () => {
      const found = list().map(({ state }) => state.failure);
      return found[0] && found[1] && [found[0], found[1]];
    },
    60_000,
  );
  assert.match(blocked.message, /rejectedIdentifier/);
  assert.match(wrong.message, /^wrong\.test: .*refused/);
  assert.ok(wrong.nextAttemptMs > Date.now() + 40_000);
  assert.equal(list()[1]?.state.order, undefined, 'an order that is refused is given up');
  await stop();
});

test('a host that was refused and is taken away keeps the others waiting no longer', async () => {
  const of = issuerOf();
  const { manager, stop } = startManager({ secrets });
  manager.active = true;
  const want = (...names: readonly string[]) => wanted(secrets, of, 'shop/corrected', ...names);
  manager.update([want('blocked.test', 'corrected.test')]);
  const { count } = await eventually('the refusal', () => want('corrected.test').state.failure, 60_000);
  assert.equal(count, 1);
  manager.update([want('corrected.test')]);
  await eventually('the certificate', () => secrets.objects.has('shop/corrected'), 30_000);
  await stop();
});

test('a Secret of ours that is broken, over, or handed over is ordered anew, in its place', async () => {
  const of = issuerOf();
  const [mismatched, expired, handedOver, other] = await Promise.all([
    makeTestCertificate('mismatched.test'),
    makeExpiredCertificate('expired.test'),
    makeTestCertificate('handed-over.test'),
    makeTestCertificate('mismatched.test'),
  ]);
  const before: Readonly<Record<string, { readonly cert: string; readonly key: string; readonly directory: string }>> = {
    mismatched: { ...mismatched, key: other.key, directory: pebble.directory },
    expired: { ...expired, directory: pebble.directory },
    'handed-over': { ...handedOver, directory: '' },
  };
  const { manager, stop } = startManager({ secrets });
  for (const [name, { cert, key, directory }] of Object.entries(before)) {
    const annotations = { 'smartproxy.dev/acme-directory': directory };
    const data = { 'tls.crt': btoa(cert), 'tls.key': btoa(key), kept: btoa('theirs') };
    await secrets.write({ kind: 'Secret', type: 'kubernetes.io/tls', metadata: { namespace: 'mine', name, annotations }, data });
  }
  manager.active = true;
  manager.update(Object.keys(before).map((name) => wanted(secrets, of, `mine/${name}`, `${name}.test`)));
  for (const name of Object.keys(before)) {
    await eventually(`a new one in ${name}`, () => leafOf(secrets.objects.get(`mine/${name}`)).issuer.includes('Pebble'), 60_000);
    assert.equal(secretText(secrets.objects.get(`mine/${name}`) as Secret, 'kept'), 'theirs', 'what else is in it stays');
  }
  await stop();
});

test('a CA that is away, and one that forgot everything, are lived through with the same account key', async () => {
  const of = issuerOf({ name: 'outage' });
  const { manager, stop } = startManager({ secrets });
  await pebble.kill();
  manager.active = true;
  manager.update([wanted(secrets, of, 'shop/away', 'away.test')]);
  const failure = await eventually('the outage is told', () => wanted(secrets, of, 'shop/away', 'away.test').state.failure, 20_000);
  assert.match(failure.message, /^the CA can not be reached, .*ECONNREFUSED/);
  assert.ok(failure.nextAttemptMs < Date.now() + 20_000, 'an outage is soon tried again');
  await pebble.restart();
  await eventually(
    'the certificate',
    () => {
      manager.update([wanted(secrets, of, 'shop/away', 'away.test')]);
      return secrets.objects.has('shop/away');
    },
    60_000,
  );
  const account = () => [...secrets.objects].find(([key]) => key.includes('account-outage'))?.[1];
  const key = secretText(account() as Secret, 'account.key');
  await stop();

  // Pebble keeps nothing: the account is gone, its key is not.
  await pebble.kill();
  await pebble.restart();
  const later = startManager({ secrets });
  later.manager.active = true;
  await eventually(
    'another certificate',
    () => {
      later.manager.update([wanted(secrets, of, 'shop/again', 'again.test')]);
      return secrets.objects.has('shop/again');
    },
    60_000,
  );
  assert.equal(secretText(account() as Secret, 'account.key'), key);
  await later.stop();
});

test('a CA that fails over the certificate which a new one replaces gets an order that does not speak of it', async (t) => {
  const gate = await gateToCa(t);
  const of = issuer(`https://localhost:${gate.port}/dir`, { ca: gate.trusted });
  const { manager, reported, stop } = startManager({ secrets });
  t.after(stop);
  manager.active = true;
  const names = ['replaced.test'];
  const issued = () => leafOf(secrets.objects.get('shop/replaced')).subjectAltName?.includes(names.at(-1) ?? '');
  const issue = async () => {
    manager.update([wanted(secrets, of, 'shop/replaced', ...names)]);
    await eventually('the Secret', () => secrets.objects.has('shop/replaced') && issued(), 60_000);
  };
  await issue();
  const body = JSON.stringify({ type: 'urn:ietf:params:acme:error:serverInternal', detail: 'no order of that certificate' });
  let failures = 0;
  gate.onRequest = ({ path, body: asked }) => {
    if (path !== '/order-plz' || !('replaces' in payloadOf(asked))) return undefined;
    failures++;
    return { status: 500, body };
  };
  names.push('and.replaced.test');
  await issue();
  assert.ok(failures > 0);
  assert.deepEqual(reported, []);
  assert.equal(readAcmeState(secrets.objects.get(`${namespace}/${acmeStateName('shop/replaced')}`)).failure, undefined);
});

test('profile, preferred chain, key type and external account are what the issuer says', async () => {
  const macKey = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W';
  const other = await Pebble.start({ httpPort, externalAccounts: { 'kid-1': macKey } });
  const { Redacted } = await import('../../src/redacted.ts');
  const more = { ca: other.trusted, keyType: 'RSA', profile: 'shortlived' } as const;
  const { manager, stop } = startManager({ secrets });
  manager.active = true;
  const bound = issuer(other.directory, { ...more, name: 'bound', externalAccount: { keyId: 'kid-1', key: new Redacted(macKey) } });
  const unbound = issuer(other.directory, { ...more, name: 'unbound' });
  manager.update([wanted(secrets, bound, 'shop/short', 'short.test'), wanted(secrets, unbound, 'shop/unbound', 'unbound.test')]);
  await eventually('the certificate', () => secrets.objects.has('shop/short'), 60_000);
  const leaf = leafOf(secrets.objects.get('shop/short'));
  assert.equal(leaf.publicKey.asymmetricKeyType, 'rsa');
  assert.ok(leaf.validToDate.getTime() - Date.now() < 7 * 86_400_000);
  const failure = await eventually('the account is refused', () => wanted(secrets, unbound, 'shop/unbound', 'unbound.test').state.failure);
  assert.match(failure.message, /external/i);
  await stop();
  await other.stop();
});

test('a Secret of somebody else is never written, also when it comes while the order is under way', async () => {
  const of = issuerOf();
  const { manager, stop } = startManager({
    secrets,
    confirm: async () => {
      secrets.objects.set('shop/theirs', { kind: 'Secret', metadata: { namespace: 'shop', name: 'theirs', resourceVersion: 'x' } });
      return undefined;
    },
  });
  manager.active = true;
  manager.update([wanted(secrets, of, 'shop/theirs', 'theirs.test')]);
  const { message } = await eventually('it is told', () => wanted(secrets, of, 'shop/theirs', 'theirs.test').state.failure, 60_000);
  assert.match(message, /was made by somebody else meanwhile/);
  assert.equal(secrets.objects.get('shop/theirs')?.data, undefined);
  await stop();
});

test('no CA is asked for a certificate whose Secret is immutable, and what to do about it is told', async () => {
  const of = issuerOf();
  const before = pebble.log.match(/Added order/g)?.length ?? 0;
  const { cert, key } = await makeTestCertificate('fixed.test');
  const annotations = { 'smartproxy.dev/acme-directory': '' };
  const data = { 'tls.crt': btoa(cert), 'tls.key': btoa(key) };
  await secrets.write({
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { namespace: 'shop', name: 'fixed', annotations },
    data,
    immutable: true,
  });
  const { manager, stop } = startManager({ secrets });
  manager.active = true;
  const state = () => wanted(secrets, of, 'shop/fixed', 'fixed.test').state;
  manager.update([wanted(secrets, of, 'shop/fixed', 'fixed.test')]);
  const { message, nextAttemptMs } = await eventually('it is told', () => state().failure, 30_000);
  assert.equal(message, 'Secret shop/fixed is immutable, so no new certificate can be put there; delete it, and it is made anew');
  assert.ok(nextAttemptMs < Date.now() + 20_000, 'it is soon looked at again');
  assert.equal(pebble.log.match(/Added order/g)?.length ?? 0, before);
  await stop();
});

test('no CA is told of a challenge that some replica does not answer', async () => {
  const of = issuerOf();
  const { manager, stop } = startManager({ secrets, confirm: async () => 'the replica at 10.0.0.2:8080 does not answer the challenge' });
  manager.active = true;
  manager.update([wanted(secrets, of, 'shop/unready', 'unready.test')]);
  const state = await eventually('it is told', () => {
    const { state: now } = wanted(secrets, of, 'shop/unready', 'unready.test');
    return now.failure && now;
  });
  assert.match(state.failure?.message ?? '', /10\.0\.0\.2/);
  assert.equal(state.order?.challenges.length, 1, 'the order is kept for the next try');
  assert.doesNotMatch(pebble.log, /unready\.test.*Pulled a task/);
  await stop();
});
