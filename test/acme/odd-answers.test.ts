import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Client } from 'acme-client';
import { inConversation } from '../../src/acme/ca-transport.ts';
import type { Secret } from '../../src/api/objects.ts';
import type { AcmeIssuer } from '../../src/translate/acme-certificate.ts';
import { secretText } from '../../src/translate/read-certificate.ts';
import { issuer, namespace, startCaOfFile, startManager, wanted } from '../tools/acme/ordering.ts';
import { eventually } from '../tools/eventually.ts';
import { Gate, type GateRequest, type InsteadOf } from '../tools/gate.ts';

const { pebble, secrets } = await startCaOfFile();

const page = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' };
const json = (status: number, document: unknown): InsteadOf => ({ status, body: JSON.stringify(document) });
const order = (gate: Gate, document: unknown): InsteadOf => ({
  status: 201,
  headers: { location: `https://localhost:${gate.port}/my-order/1` },
  body: JSON.stringify(document),
});

/** What answers in the place of the CA at a path, and what is told of it. */
type Row = readonly [title: string, path: RegExp, answer: (gate: Gate) => InsteadOf, told: RegExp];

const rows: readonly Row[] = [
  [
    'a page at the directory',
    /^\/dir$/,
    () => page,
    /^it answers with what is neither JSON nor PEM \(Content-Type text\/html\); look at directory/,
  ],
  [
    'another document at the directory',
    /^\/dir$/,
    () => json(200, {}),
    /^its answer is not as ACME has it, .*; look at directory of the issuer$/,
  ],
  ['nothing at the directory', /^\/dir$/, () => json(404, {}), /^it answered with status 404; look at directory of the issuer$/],
  [
    'a directory that is elsewhere',
    /^\/dir$/,
    () => ({ status: 301, headers: { location: 'https://ca.test/dir' }, body: '' }),
    /^it sends us on to https:\/\/ca\.test\/dir; look at directory of the issuer$/,
  ],
  ['half an order', /^\/order-plz$/, () => ({ status: 201, body: '{"status":' }), /^it answers with what is neither JSON nor PEM/],
  ['an order without a status', /^\/order-plz$/, (gate) => order(gate, {}), /not as ACME has it, an order has the status undefined/],
  ['an authorization of nothing', /^\/authZ\//, () => json(200, {}), /not as ACME has it, an authorization has no name or no challenges/],
  ['a page in the place of the certificate', /^\/certZ\//, () => page, /^it answers with what is neither JSON nor PEM/],
];

for (const [title, path, answer, told] of rows) {
  test(`${title} is told as that, with where to look`, async (t) => {
    const { of, gate } = await gatedIssuer(t);
    gate.onRequest = (passing: GateRequest) => (path.test(passing.path) ? answer(gate) : undefined);
    const failure = await failureOf(t, of, title);
    assert.match(failure.message, told);
  });
}

async function gatedIssuer(t: TestContext) {
  const gate = await Gate.start(Number(new URL(pebble.directory).port));
  t.after(() => gate.close());
  return { gate, of: issuer(`https://localhost:${gate.port}/dir`, { ca: gate.trusted }) };
}

/** What became of the first try at a certificate. */
async function failureOf(t: TestContext, of: AcmeIssuer, title: string) {
  const host = `${title.replaceAll(' ', '-')}.test`;
  const { manager, stop } = startManager({ secrets });
  t.after(stop);
  manager.active = true;
  manager.update([wanted(secrets, of, `shop/${host}`, host)]);
  return eventually('it is told', () => wanted(secrets, of, `shop/${host}`, host).state.failure, 60_000);
}

const accountSecret = (of: AcmeIssuer): Secret => {
  const [, found] = [...secrets.objects].find(([key]) => key.startsWith(`${namespace}/smartproxy-acme-account-${of.name}-`)) ?? [];
  assert.ok(found);
  return found;
};

test('an account that was deactivated is told as that, and another one is made when its Secret is deleted', async (t) => {
  const of = issuer(pebble.directory, { ca: pebble.trusted, name: 'ended' });
  const { manager, stop } = startManager({ secrets });
  t.after(stop);
  manager.active = true;
  manager.update([wanted(secrets, of, 'shop/first', 'first.test')]);
  await eventually('a certificate', () => secrets.objects.has('shop/first'), 60_000);
  const account = accountSecret(of);
  const { url } = JSON.parse(secretText(account, 'account.json') ?? '') as { url: string };
  const accountKey = secretText(account, 'account.key') ?? '';
  await inConversation({ trusted: pebble.trusted, signal: t.signal }, async () => {
    const client = new Client({ directoryUrl: pebble.directory, accountKey, accountUrl: url });
    await client.updateAccount({ status: 'deactivated' } as object);
  });
  const updated = (...hosts: readonly string[]) => manager.update(hosts.map((host) => wanted(secrets, of, `shop/${host}`, host)));
  updated('second.test');
  const { message } = await eventually('it is told', () => wanted(secrets, of, 'shop/second.test', 'second.test').state.failure, 60_000);
  const key = `${namespace}/${account.metadata.name}`;
  assert.equal(
    message,
    `Account has been deactivated (unauthorized); ask the CA about the account, or delete Secret ${key}, and another one is made`,
  );
  await secrets.remove(key);
  updated('second.test', 'third.test');
  await eventually('a certificate', () => secrets.objects.has('shop/third.test'), 60_000);
  assert.notEqual(secretText(accountSecret(of), 'account.key'), accountKey);
});

test('an account whose URL is lost is found by its key, and one whose key is none is told', async (t) => {
  const of = issuer(pebble.directory, { ca: pebble.trusted, name: 'edited' });
  await issuedOne(t, of, 'before.test');
  const account = accountSecret(of);
  for (const [index, text] of ['{', 'null'].entries()) {
    secrets.objects.set(`${namespace}/${account.metadata.name}`, { ...account, data: { ...account.data, 'account.json': btoa(text) } });
    await issuedOne(t, of, `edited-${index}.test`);
    assert.equal(secretText(accountSecret(of), 'account.json'), secretText(account, 'account.json'));
  }
  secrets.objects.set(`${namespace}/${account.metadata.name}`, { ...account, data: { 'account.key': btoa('none') } });
  const { message } = await failureOf(t, of, 'of no key');
  assert.match(message, /^Secret \S+ holds no account key; delete it, and another account is made$/);
});

/** A first certificate, by a process of its own. */
async function issuedOne(t: TestContext, of: AcmeIssuer, host: string): Promise<void> {
  const { manager, stop } = startManager({ secrets });
  t.after(stop);
  manager.active = true;
  manager.update([wanted(secrets, of, `shop/${host}`, host)]);
  await eventually('a certificate', () => secrets.objects.has(`shop/${host}`), 60_000);
  await stop();
}
