import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { AcmeClock } from '../../src/acme/acme-clock.ts';
import { DnsAnswers } from '../../src/acme/dns/dns-answers.ts';
import type { DnsRecord } from '../../src/acme/dns/dns-provider.ts';
import { Rfc2136Provider } from '../../src/acme/dns/rfc2136-provider.ts';
import { systemClock } from '../../src/controller/controller-clock.ts';
import { Redacted } from '../../src/redacted.ts';
import type { AcmeCertificate } from '../../src/translate/acme-certificate.ts';
import type { AcmeDns } from '../../src/translate/acme-dns.ts';
import { secretText } from '../../src/translate/read-certificate.ts';
import { startApi } from '../tools/acme/api-server.ts';
import { MemorySecrets } from '../tools/acme/memory-secrets.ts';
import { issuer, startManager, wanted } from '../tools/acme/ordering.ts';
import {
  config,
  ingressClass,
  issued,
  pebbleCa,
  pebbleIssuer,
  secret,
  smartRoute,
  startPebble,
  written,
} from '../tools/acme/program-kit.ts';
import { Bind, bindSkip } from '../tools/bind.ts';
import { eventually } from '../tools/eventually.ts';
import { get } from '../tools/get.ts';
import { startRun, temporaryFolder } from '../tools/running-command.ts';

const skip = bindSkip();
const { signal } = new AbortController();

function updatesOf({ primary, keyName, secret: key }: Bind, more: Partial<Extract<AcmeDns, { kind: 'rfc2136' }>['tsig']> = {}) {
  const tsig = { name: keyName, algorithm: 'hmac-sha256', secret: new Redacted(key), ...more } as const;
  return { kind: 'rfc2136', host: primary, port: 53, tsig } as const;
}

/** DNS answers by a webhook in front of a real server; `isBroken`: it answers with 503 to what would take records away. */
async function startWebhook(t: TestContext, bind: Bind) {
  const updates = new Rfc2136Provider(updatesOf(bind));
  const webhook = { isBroken: false, url: '' };
  webhook.url = await startApi(t, async ({ url: path, body }) => {
    const { fqdn, value } = JSON.parse(body) as { fqdn: string; value: string };
    const record = { name: fqdn.replace(/\.$/, ''), zone: 'shop.test', value };
    if (path === '/present') await updates.present(record, signal);
    else if (webhook.isBroken) return { status: 503, body: 'out of order' };
    else await updates.cleanUp(record, signal);
    return { status: 200, body: '' };
  });
  return webhook;
}

test('an issuer with dns orders a wildcard and its parent together, and names whose proof is delegated, and leaves no record', {
  skip,
}, async (t) => {
  const bind = await Bind.start(t, {
    zones: {
      'shop.test': ['* A 127.0.0.1'],
      'proofs.test': ['alias A 127.0.0.1', '_acme-challenge.alias CNAME delegated'],
      // A wildcard that seems to delegate every name.
      'starred.test': ['* CNAME parked.proofs.test.'],
    },
    changeable: ['shop.test', 'proofs.test', 'starred.test'],
  });
  // It asks the server that hears of records last.
  const { pebble } = await startPebble(t, { httpPort: 1, dns: `${bind.secondary}:53` });
  const folder = await temporaryFolder(t);
  const rfc2136 = {
    server: `${bind.primary}:53`,
    tsig: { keyName: bind.keyName, algorithm: 'hmac-sha256', secretRef: { name: 'dns-key' } },
  };
  await written(
    folder,
    ingressClass,
    config(pebbleIssuer(pebble, { resolvers: [`${bind.primary}:53`], challenge: 'dns-01', dns: { rfc2136 } })),
    pebbleCa(pebble),
    secret('dns-key', { 'tsig-secret': bind.secret }),
    smartRoute(['shop.test', '*.shop.test'], 'pebble'),
    smartRoute('alias.proofs.test', 'pebble', 'alias'),
    smartRoute('starred.test', 'pebble', 'starred'),
  );
  const command = await startRun(t, ['--manifests', folder, '--acme'], 1);
  const https = await command.port('https');
  const [leaf] = await issued(command, https, 'any.shop.test');
  assert.equal(leaf?.subjectAltName, 'DNS:*.shop.test, DNS:shop.test');
  assert.equal((await get(https, 'shop.test', '/', await pebble.root(0))).body, 'served');
  await issued(command, https, 'alias.proofs.test');
  await issued(command, https, 'starred.test');
  for (const name of ['_acme-challenge.shop.test', 'delegated.proofs.test', '_acme-challenge.starred.test', 'parked.proofs.test'])
    await eventually(`no record of ${name}`, async () => (await bind.texts(name)).length === 0);
  assert.doesNotMatch(JSON.stringify(command.log), new RegExp(bind.secret.replaceAll('+', '\\+')));
});

test('updates are signed with SHA-512 too, leave what others wrote, and what the server refuses is told', { skip }, async (t) => {
  const zones = { 'shop.test': ['_acme-challenge TXT "theirs"'], 'kept.test': [] };
  const bind = await Bind.start(t, { zones, changeable: ['shop.test'], algorithm: 'hmac-sha512' });
  const record = (value: string): DnsRecord => ({ name: '_acme-challenge.shop.test', zone: 'shop.test', value });
  const provider = new Rfc2136Provider(updatesOf(bind, { algorithm: 'hmac-sha512' }));
  await provider.present(record('one'), signal);
  await provider.present(record('one'), signal);
  await provider.present(record('two'), signal);
  assert.deepEqual([...(await bind.texts(record('').name))].sort(), ['one', 'theirs', 'two']);
  await provider.cleanUp(record('one'), signal);
  await provider.cleanUp(record('one'), signal);
  assert.deepEqual([...(await bind.texts(record('').name))].sort(), ['theirs', 'two']);

  const other = record('x');
  const refused: readonly (readonly [Rfc2136Provider, DnsRecord, RegExp])[] = [
    [provider, { ...other, name: '_acme-challenge.kept.test', zone: 'kept.test' }, /(REFUSED|NOTAUTH)/],
    [provider, { ...other, name: '_acme-challenge.kept.test' }, /NOTZONE/],
    [new Rfc2136Provider(updatesOf(bind, { algorithm: 'hmac-sha512', name: 'nobody' })), other, /BADKEY/],
    [new Rfc2136Provider(updatesOf(bind)), other, /BADKEY/],
    [new Rfc2136Provider(updatesOf(bind, { algorithm: 'hmac-sha512', secret: new Redacted('d3Jvbmc=') })), other, /BADSIG/],
    [new Rfc2136Provider(updatesOf(bind, { algorithm: 'hmac-sha512' }), () => Date.now() - 3_600_000), other, /BADTIME/],
    [new Rfc2136Provider({ ...updatesOf(bind), port: 1 }), other, /can not be reached/],
  ];
  for (const [with_, what, why] of refused) await assert.rejects(with_.present(what, signal), why);
  assert.equal((await bind.texts(other.name)).includes('x'), false);
});

test('an order that the CA refuses says what it missed, and its records go, later where that fails', { skip }, async (t) => {
  const bind = await Bind.start(t, { zones: { 'shop.test': [] }, changeable: ['shop.test'] });
  const webhook = await startWebhook(t, bind);
  webhook.isBroken = true;
  // Its own DNS has no records at all.
  const { pebble } = await startPebble(t);
  const secrets = new MemorySecrets();
  const answers = new DnsAnswers({ clock: systemClock });
  let aheadMs = 0;
  let written = 0;
  const { manager, stop, records } = startManager({
    secrets,
    clock: { now: () => systemClock.now() + aheadMs, after: (ms, run) => systemClock.after(ms, run) },
    confirm: async (challenges, ended, certificate, keep) => {
      const why = await answers.present(challenges, certificate, ended, keep);
      written = (await bind.texts('_acme-challenge.shop.test')).length;
      return why;
    },
    remove: (left, issuerOf) => answers.remove(left, issuerOf),
  });
  const dns = { kind: 'webhook', url: webhook.url, authorization: undefined, ca: undefined } as const;
  const more = { ca: pebble.trusted, challenge: 'dns-01', dns, resolvers: [bind.primary], selfCheck: 'Lenient' } as const;
  const of = issuer(pebble.directory, more);
  const now = () => wanted(secrets, of, 'shop/tls', 'shop.test', '*.shop.test');
  manager.active = true;
  manager.update([now()]);
  const failure = await eventually('the refusal', () => now().state.failure, 60_000);
  assert.match(failure.message, /shop\.test: .*TXT/i);
  assert.equal(written, 2, 'both stood there together');
  assert.equal(now().state.order, undefined);
  assert.match(records.get('shop/tls') ?? '', /and 1 more .*503 out of order/);
  // Sooner than the next order.
  webhook.isBroken = false;
  aheadMs = 20_000;
  await eventually('nothing is left', () => {
    manager.update([now()]);
    return now().state.left === undefined;
  });
  assert.deepEqual(await bind.texts('_acme-challenge.shop.test'), []);
  assert.equal(now().state.failure?.count, 1);
  assert.deepEqual([...records], []);
  await stop();
});

test('a provider that fails keeps the CA unasked, and the order for the next try', { skip }, async (t) => {
  const bind = await Bind.start(t, { zones: { 'shop.test': [] }, changeable: [] });
  const url = await startApi(t, () => ({ status: 503, body: 'out of order' }));
  const { pebble } = await startPebble(t);
  const secrets = new MemorySecrets();
  const answers = new DnsAnswers({ clock: systemClock });
  const { manager, stop } = startManager({
    secrets,
    confirm: (challenges, ended, certificate, keep) => answers.present(challenges, certificate, ended, keep),
    remove: (records, issuerOf) => answers.remove(records, issuerOf),
  });
  const dns = { kind: 'webhook', url, authorization: undefined, ca: undefined } as const;
  const of = issuer(pebble.directory, { ca: pebble.trusted, challenge: 'dns-01', dns, resolvers: [bind.primary] });
  manager.active = true;
  manager.update([wanted(secrets, of, 'shop/tls', 'shop.test')]);
  const { failure, order } = await eventually('it is told', () => {
    const { state } = wanted(secrets, of, 'shop/tls', 'shop.test');
    return state.failure && state;
  });
  assert.match(failure?.message ?? '', /the webhook answers present with status 503 out of order/);
  assert.ok((failure?.nextAttemptMs ?? 0) < Date.now() + 20_000, 'it is soon tried again');
  assert.equal(order?.challenges.length, 1);
  assert.doesNotMatch(pebble.log, /shop\.test.*Pulled a task/);
  await stop();
});

test('the certificate of a wildcard is ordered by a webhook in front of a real server', { skip }, async (t) => {
  const bind = await Bind.start(t, { zones: { 'shop.test': [] }, changeable: ['shop.test'] });
  const updates = new Rfc2136Provider(updatesOf(bind));
  const calls: Promise<void>[] = [];
  const url = await startApi(t, ({ url: path, body }) => {
    const { fqdn, value } = JSON.parse(body) as { fqdn: string; value: string };
    const record = { name: fqdn.replace(/\.$/, ''), zone: 'shop.test', value };
    calls.push(path === '/present' ? updates.present(record, signal) : updates.cleanUp(record, signal));
    return { status: 200, body: '' };
  });
  const { pebble } = await startPebble(t, { dns: `${bind.secondary}:53` });
  const secrets = new MemorySecrets();
  const answers = new DnsAnswers({ clock: systemClock });
  const { manager, stop } = startManager({
    secrets,
    confirm: (challenges, ended, certificate, keep) => answers.present(challenges, certificate, ended, keep),
    remove: (records, issuerOf) => answers.remove(records, issuerOf),
  });
  const dns = { kind: 'webhook', url, authorization: undefined, ca: undefined } as const;
  const of = issuer(pebble.directory, { ca: pebble.trusted, dns, resolvers: [bind.primary], selfCheck: 'Strict' });
  manager.active = true;
  manager.update([wanted(secrets, of, 'shop/wild', '*.shop.test')]);
  const kept = await eventually('the Secret', () => secrets.objects.get('shop/wild'), 60_000);
  assert.equal(new X509Certificate(secretText(kept, 'tls.crt') ?? '').subjectAltName, 'DNS:*.shop.test');
  await eventually('the end of the order', () => wanted(secrets, of, 'shop/wild', '*.shop.test').state.order === undefined);
  await Promise.all(calls);
  assert.equal(calls.length, 2);
  assert.deepEqual(await bind.texts('_acme-challenge.shop.test'), []);
  await stop();
});

test('records of an order that nobody wants any more go from DNS, also those of a leader that died, and are tried again when that fails', {
  skip,
}, async (t) => {
  const bind = await Bind.start(t, { zones: { 'shop.test': [] }, changeable: ['shop.test'] });
  const webhook = await startWebhook(t, bind);
  const { pebble } = await startPebble(t);
  const secrets = new MemorySecrets();
  const answers = new DnsAnswers({ clock: systemClock });
  let aheadMs = 0;
  const clock: AcmeClock = { now: () => systemClock.now() + aheadMs, after: (ms, run) => systemClock.after(ms, run) };
  let brokenOff = 0;
  /** It comes to where its records can be seen, and stays there. */
  const start = () =>
    startManager({
      secrets,
      clock,
      confirm: async (challenges, ended, certificate, keep) => {
        ended.addEventListener('abort', () => brokenOff++);
        await answers.present(challenges, certificate, ended, keep);
        return await new Promise<never>((_, reject) => ended.addEventListener('abort', () => reject(ended.reason)));
      },
      remove: (records, issuerOf) => answers.remove(records, issuerOf),
    });
  const dns = { kind: 'webhook', url: webhook.url, authorization: undefined, ca: undefined } as const;
  const of = issuer(pebble.directory, { ca: pebble.trusted, challenge: 'dns-01', dns, resolvers: [bind.primary] });
  const list = () => [wanted(secrets, of, 'shop/tls', 'shop.test', '*.shop.test')];
  const state = () => list()[0]?.state;
  const records = () => bind.texts('_acme-challenge.shop.test');
  const areSeen = () => eventually('both records', async () => (await records()).length === 2, 60_000);

  const first = start();
  first.manager.active = true;
  first.manager.update(list(), [of]);
  await areSeen();
  first.manager.update([], [of]);
  first.manager.update(list(), [of]);
  aheadMs += 10_000;
  first.manager.update(list(), [of]);
  assert.equal(brokenOff, 0, 'wanted again before it was given up');
  first.manager.update([], [of]);
  aheadMs += 10_000;
  first.manager.update([], [of]);
  await eventually('its records are gone', async () => (await records()).length === 0);
  await eventually('its order is over', () => state()?.order === undefined);
  assert.deepEqual([...first.records], []);

  first.manager.update(list(), [of]);
  await areSeen();
  await first.stop();
  webhook.isBroken = true;
  const second = start();
  second.manager.active = true;
  second.manager.update([], [of]);
  // It looks at what is kept before anything is given up.
  await eventually('its predecessor left something', () => {
    aheadMs += 10_000;
    second.manager.update([], [of]);
    return second.records.get('shop/tls');
  });
  assert.match(second.records.get('shop/tls') ?? '', /TXT record ".{43}" of _acme-challenge\.shop\.test and 1 more .*503 out of order/);
  assert.deepEqual(
    state()?.left?.records.map(({ issuer: by, name, tries }) => ({ by, name, tries })),
    [
      { by: 'test', name: 'shop.test', tries: 1 },
      { by: 'test', name: 'shop.test', tries: 1 },
    ],
  );
  assert.equal(state()?.order, undefined);
  webhook.isBroken = false;
  aheadMs += 20_000;
  second.manager.update([], [of]);
  await eventually('they are gone after all', async () => (await records()).length === 0);
  await eventually('nothing is left to do', () => state()?.left === undefined && second.records.size === 0);
  await second.stop();
});

test('records go from where they were written, though their names lead elsewhere by then, also while the order goes on', {
  skip,
}, async (t) => {
  const zones = { 'alias.test': ['_acme-challenge CNAME one.proofs.test.'], 'proofs.test': [] };
  const bind = await Bind.start(t, { zones, changeable: ['proofs.test'] });
  const leadsTo = (name: string) => bind.rewrite('alias.test', [`_acme-challenge CNAME ${name}.proofs.test.`]);
  const at = async (...names: readonly string[]) => {
    const texts = await Promise.all(names.map((name) => bind.texts(`${name}.proofs.test`)));
    return texts.map(({ length }) => length).join();
  };
  const { pebble } = await startPebble(t, { dns: `${bind.secondary}:53` });
  const secrets = new MemorySecrets();
  const answers = new DnsAnswers({ clock: systemClock });
  let aheadMs = 0;
  const { manager, stop } = startManager({
    secrets,
    clock: { now: () => systemClock.now() + aheadMs, after: (ms, run) => systemClock.after(ms, run) },
    confirm: async (challenges, ended, certificate, keep) =>
      (await answers.present(challenges, certificate, ended, keep)) ?? 'the CA is held back',
    remove: (records, issuerOf) => answers.remove(records, issuerOf),
  });
  const more = { ca: pebble.trusted, challenge: 'dns-01', dns: updatesOf(bind), resolvers: [bind.primary], selfCheck: 'Strict' } as const;
  const of = issuer(pebble.directory, more);
  const now = () => wanted(secrets, of, 'shop/tls', 'alias.test');
  const later = (...list: readonly AcmeCertificate[]) => {
    aheadMs += 20_000;
    manager.update(list, [of]);
  };
  manager.active = true;
  manager.update([now()], [of]);
  await eventually('the first attempt is over', () => now().state.failure);
  assert.equal(await at('one', 'two'), '1,0');
  await leadsTo('two');
  manager.update([], [of]);
  await eventually('the order is given up', () => {
    later();
    return now().state.order === undefined;
  });
  assert.equal(await at('one', 'two'), '0,0');
  assert.equal(now().state.left, undefined);

  later(now());
  await eventually('it is written where the name leads', async () => (await at('one', 'two')) === '0,1');
  await eventually('this attempt is over', () => (now().state.failure?.count ?? 0) > 1);
  await leadsTo('three');
  await eventually('the next attempt writes it elsewhere, and takes it away where it was', async () => {
    later(now());
    return (await at('two', 'three')) === '0,1';
  });
  await eventually('this order is given up, too', () => {
    later();
    return now().state.order === undefined;
  });
  assert.equal(await at('one', 'two', 'three'), '0,0,0');
  assert.equal(now().state.left, undefined);
  await stop();
});

test('a certificate whose records can not be removed is there all the same, and they go later', { skip }, async (t) => {
  const bind = await Bind.start(t, { zones: { 'shop.test': [] }, changeable: ['shop.test'] });
  const webhook = await startWebhook(t, bind);
  webhook.isBroken = true;
  const { pebble } = await startPebble(t, { dns: `${bind.secondary}:53`, httpPort: 1 });
  const folder = await temporaryFolder(t);
  const dns = { webhook: { url: webhook.url } };
  const objects = [ingressClass, config(pebbleIssuer(pebble, { resolvers: [`${bind.primary}:53`], dns })), pebbleCa(pebble)];
  await written(folder, ...objects, smartRoute('shop.test', 'pebble'));
  const command = await startRun(t, ['--manifests', folder, '--acme'], 1);
  await issued(command, await command.port('https'), 'shop.test');
  const admin = await command.port('admin');
  const told = async () => (await get(admin, 'localhost', '/debug/problems')).body;
  await eventually('it is told', async () => /Cannot remove the TXT record .*503 out of order/.test(await told()));
  // Who asked for it goes; what it left does not.
  await written(folder, ...objects);
  webhook.isBroken = false;
  await eventually('no record', async () => (await bind.texts('_acme-challenge.shop.test')).length === 0, 90_000);
  await eventually('nothing is told any more', async () => !(await told()).includes('Cannot remove'));
});
