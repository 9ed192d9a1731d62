import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { issuer, startCaOfFile, startManager, wanted } from '../tools/acme/ordering.ts';
import { eventually } from '../tools/eventually.ts';
import { Gate, type GateAnswer, type InsteadOf } from '../tools/gate.ts';

const { pebble, secrets } = await startCaOfFile({ refusedNonces: 0 });

async function gatedIssuer(t: TestContext, name: string) {
  const gate = await Gate.start(Number(new URL(pebble.directory).port));
  t.after(() => gate.close());
  return { gate, of: issuer(`https://localhost:${gate.port}/dir`, { ca: gate.trusted, name }) };
}

test('a CA that takes requests and never answers keeps nobody from the certificates of another', async (t) => {
  const { gate, of } = await gatedIssuer(t, 'mute');
  const held = Promise.withResolvers<undefined>();
  t.after(() => held.resolve(undefined));
  gate.onRequest = () => held.promise;
  const good = issuer(pebble.directory, { ca: pebble.trusted, name: 'good' });
  const { manager, stop } = startManager({ secrets });
  t.after(stop);
  manager.active = true;
  const hosts = Array.from({ length: 12 }, (_, index) => `mute-${index}.test`);
  manager.update([...hosts.map((host) => wanted(secrets, of, `shop/${host}`, host)), wanted(secrets, good, 'shop/good', 'good.test')]);
  // The first requests end after 30 s.
  await eventually('the certificate of the other CA', () => secrets.objects.has('shop/good'), 25_000);
});

test('certificates of the same names are ordered one after the other, and hold no place meanwhile', async (t) => {
  const { gate, of } = await gatedIssuer(t, 'twice');
  const held = Promise.withResolvers<undefined>();
  t.after(() => held.resolve(undefined));
  gate.onRequest = ({ path, body }) => (path === '/order-plz' && namesOf(body).includes('same.test') ? held.promise : undefined);
  const { manager, stop } = startManager({ secrets });
  t.after(stop);
  manager.active = true;
  const same = Array.from({ length: 5 }, (_, index) => wanted(secrets, of, `shop/same-${index}`, 'same.test'));
  manager.update([...same, wanted(secrets, of, 'shop/other-names', 'other-names.test')]);
  await eventually('the certificate of other names', () => secrets.objects.has('shop/other-names'), 25_000);
});

function namesOf(body: string): readonly string[] {
  const { payload } = JSON.parse(body) as { payload: string };
  const { identifiers } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { identifiers: readonly { value: string }[] };
  return identifiers.map(({ value }) => value);
}

/** An order that the CA is still at, and when it wants to be asked again. */
function processing(after: string): (passing: GateAnswer) => InsteadOf | undefined {
  const body = JSON.stringify({ status: 'processing', authorizations: [], finalize: 'https://ca.test/f' });
  return ({ path }) => (path.startsWith('/my-order/') ? { status: 200, headers: { 'retry-after': after }, body } : undefined);
}

test('an order that the CA is at is asked about when it says, and no place is held where that is long', async (t) => {
  const { gate, of } = await gatedIssuer(t, 'busy');
  const { manager, stop } = startManager({ secrets });
  t.after(stop);
  gate.onAnswer = processing('600');
  const looks = () => gate.count('POST', /^\/my-order\//);
  const updated = () => {
    const now = wanted(secrets, of, 'shop/busy', 'busy.test');
    manager.update([now]);
    return now.state;
  };
  manager.active = true;
  const { failure, order } = await eventually('it is told', () => updated().failure && updated(), 30_000);
  assert.equal(failure?.message, 'the CA is still at it, and wants to be asked again later');
  assert.ok((failure?.nextAttemptMs ?? 0) > Date.now() + 590_000);
  assert.ok(order?.url, 'the order is gone on with then');
  assert.ok(looks() <= 2, `${looks()} looks`);
});

test('a short pause that the CA asks for is kept', async (t) => {
  const { gate, of } = await gatedIssuer(t, 'patient');
  const { manager, stop } = startManager({ secrets });
  t.after(stop);
  gate.onAnswer = processing('8');
  const looks: number[] = [];
  gate.onRequest = ({ path }) => {
    if (path.startsWith('/my-order/')) looks.push(Date.now());
    return undefined;
  };
  manager.active = true;
  manager.update([wanted(secrets, of, 'shop/patient', 'patient.test')]);
  // The first is for the authorizations of the order.
  await eventually('three looks', () => looks.length >= 3, 40_000);
  const [, second = 0, third = 0] = looks;
  assert.ok(third - second >= 7_900, `${third - second} ms`);
});
