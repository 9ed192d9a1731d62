import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { selfCheck } from '../../src/acme/self-check.ts';
import type { AcmeCertificate } from '../../src/translate/acme-certificate.ts';
import type { AcmeChallenge } from '../../src/translate/acme-state.ts';
import { noAcmeState } from '../../src/translate/acme-state.ts';
import { issuer } from '../tools/acme/ordering.ts';
import { config, ingressClass, issued, pebbleCa, pebbleIssuer, smartRoute, startPebble, written } from '../tools/acme/program-kit.ts';
import { makeTlsAnswer, startTls } from '../tools/acme/tls-answer.ts';
import { Bind, bindSkip } from '../tools/bind.ts';
import { eventually } from '../tools/eventually.ts';
import { get } from '../tools/get.ts';
import { startRun, temporaryFolder } from '../tools/running-command.ts';

const skip = bindSkip();
const nobody = 1;

/** Answers of all kinds by the first label of the host; gives its port. */
async function startHosts(t: TestContext): Promise<number> {
  const server = createServer((request, response) => {
    const isOurs = request.headers.host?.startsWith('good') === true;
    if (request.headers.host?.startsWith('moved') === true) response.writeHead(301, { location: 'https://moved.shop.test/' });
    else if (request.headers.host?.startsWith('missing') === true) response.writeHead(404);
    response.end(isOurs ? 'token.thumb' : 'parked');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

function certificateOf(resolver: string, mode: 'Strict' | 'Lenient' | 'Off', failures = 0): AcmeCertificate {
  const failure = failures === 0 ? undefined : { count: failures, message: '', nextAttemptMs: 0 };
  const of = issuer('https://ca.test/dir', { resolvers: [resolver], selfCheck: mode });
  const wanted = { secret: 'shop/tls', names: [], issuer: of, stateSecret: '', owners: [] };
  return { ...wanted, state: { ...noAcmeState, failure }, present: undefined, hasOtherOwners: false };
}

function challenge(name: string): AcmeChallenge {
  return { type: 'http-01', name, token: 'token', keyAuthorization: 'token.thumb' };
}

test('selfCheck says what holds the CA back, each cause in its words', { skip }, async (t) => {
  const records = ['good A 127.0.0.1', 'missing A 127.0.0.1', 'parked A 127.0.0.1', 'moved A 127.0.0.1', 'bare TXT "x"'];
  const bind = await Bind.start(t, { zones: { 'shop.test': records }, changeable: [] });
  const port = await startHosts(t);
  const check = (name: string, mode: 'Strict' | 'Lenient' | 'Off', failures = 0, at = port, resolver = bind.primary) =>
    selfCheck([challenge(name)], certificateOf(resolver, mode, failures), () => at);

  assert.equal(await check('good.shop.test', 'Strict'), undefined);
  const evident: readonly (readonly [name: string, why: RegExp])[] = [
    ['nowhere.shop.test', /nowhere\.shop\.test has no address in DNS \(NXDOMAIN\)/],
    ['bare.shop.test', /bare\.shop\.test has no address in DNS \(no A and no AAAA record\)/],
    ['missing.shop.test', /missing\.shop\.test leads to 127\.0\.0\.1, where port \d+ is not ours: it answers with status 404/],
    ['parked.shop.test', /is not ours: it answers with another text/],
  ];
  for (const [name, why] of evident) {
    assert.match((await check(name, 'Strict')) ?? '', why);
    assert.match((await check(name, 'Lenient', 9)) ?? '', why);
    assert.match((await check(name, 'Lenient', 9)) ?? '', /the CA was not asked/);
    assert.equal(await check(name, 'Off'), undefined);
  }

  // What may be so from here alone holds it back twice.
  const unseen: readonly (readonly [name: string, why: RegExp, port?: number, resolver?: string])[] = [
    ['good.shop.test', /leads to 127\.0\.0\.1, whose port 1 can not be reached from here, .*ECONNREFUSED/, nobody],
    ['moved.shop.test', /it sends us on to https:\/\/moved\.shop\.test\//],
    ['good.shop.test', /can not be looked up in DNS \((ECONNREFUSED|ETIMEOUT)\)/, port, '127.0.0.1:1'],
  ];
  for (const [name, why, at, resolver] of unseen) {
    assert.match((await check(name, 'Strict', 9, at, resolver)) ?? '', why);
    assert.match((await check(name, 'Lenient', 1, at, resolver)) ?? '', why);
    assert.equal(await check(name, 'Lenient', 2, at, resolver), undefined);
  }
  const noListener = selfCheck([challenge('good.shop.test')], certificateOf(bind.primary, 'Lenient', 9), () => undefined);
  assert.match((await noListener) ?? '', /no listener of HTTP answers for good\.shop\.test/);
});

test('resolvers show where names lead, and a failed self-check is a condition that goes when DNS is mended', { skip }, async (t) => {
  const bind = await Bind.start(t, { zones: { 'shop.test': [] }, changeable: ['shop.test'] });
  const { pebble, httpPort } = await startPebble(t);
  const folder = await temporaryFolder(t);
  const objects = (resolver: string) => [
    ingressClass,
    config(
      pebbleIssuer(pebble, { resolvers: [resolver] }),
      pebbleIssuer(pebble, { name: 'blind', resolvers: [bind.primary], selfCheck: 'Off' }),
    ),
    pebbleCa(pebble),
    smartRoute('lost.shop.test', 'pebble'),
    smartRoute('unseen.shop.test', 'blind', 'unseen'),
  ];
  await written(folder, ...objects(bind.primary));
  const command = await startRun(t, ['--manifests', folder, '--acme', `--http-port=${httpPort}`], 1);
  const admin = await command.port('admin');
  const told = async (): Promise<string> => {
    const { objects: problems } = JSON.parse((await get(admin, 'localhost', '/debug/problems')).body) as {
      objects: readonly { readonly reason: string; readonly message: string }[];
    };
    return problems.find(({ reason }) => reason === 'CertificateNotIssued')?.message ?? '';
  };
  await eventually('it is told', async () => (await told()).includes('lost.shop.test has no address in DNS'), 30_000);
  // Where nobody looks, the CA is asked at once, which sees another DNS.
  await issued(command, await command.port('https'), 'unseen.shop.test');
  assert.equal(pebble.log.match(/Added order/g)?.length, 1, 'the CA was asked for nothing else');
  // Other resolvers see it as the CA does.
  await written(folder, ...objects(pebble.resolver));
  await issued(command, await command.port('https'), 'lost.shop.test');
  await eventually('nothing is told any more', async () => (await told()) === '');
  assert.equal(pebble.issued, 2);
});

test('selfCheck looks at every address of a name, and at every name of a certificate', { skip }, async (t) => {
  const names = Array.from({ length: 9 }, (_, index) => `good${index}.shop.test`);
  const records = [
    'good A 127.0.0.1',
    'good A 127.0.0.2',
    'good-half A 127.0.0.1',
    'good-half A 127.0.0.3',
    ...names.map((name) => `${name}. A 127.0.0.1`),
  ];
  const bind = await Bind.start(t, { zones: { 'shop.test': [...records, 'parked A 127.0.0.1'] }, changeable: [] });
  const port = await startHosts(t);
  const other = createServer((_, response) => response.end('parked'));
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.2', resolve));
  t.after(() => other.close());
  const check = (...hosts: readonly string[]) => selfCheck(hosts.map(challenge), certificateOf(bind.primary, 'Strict'), () => port);

  // DNS gives them in another order each time.
  for (let count = 0; count < 8; count++)
    assert.match((await check('good.shop.test')) ?? '', /good\.shop\.test leads to 127\.0\.0\.2, where port \d+ is not ours/);
  // CAs go on to the next address where nobody answers.
  assert.equal(await check('good-half.shop.test'), undefined);
  assert.equal(await check(...names), undefined);
  assert.match((await check(...names, 'parked.shop.test')) ?? '', /parked\.shop\.test leads to 127\.0\.0\.1/);
});

test('selfCheck looks at answers over TLS by the port of HTTPS, as a CA does', { skip }, async (t) => {
  const bind = await Bind.start(t, { zones: { 'shop.test': ['good A 127.0.0.1'] }, changeable: [] });
  const { challenge: asked, options } = await makeTlsAnswer('good.shop.test');
  const other = await makeTlsAnswer('good.shop.test');
  const { ALPNProtocols: _, ...withoutProtocol } = options;
  const silent = createTcpServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const check = (https: number | undefined, mode: 'Strict' | 'Lenient', failures = 0) =>
    selfCheck([asked], certificateOf(bind.primary, mode, failures), (protocol) => (protocol === 'https' ? https : nobody));

  assert.equal(await check(await startTls(t, options), 'Strict'), undefined);
  const evident: readonly (readonly [port: number, why: RegExp])[] = [
    [await startTls(t, other.options), /leads to 127\.0\.0\.1, where port \d+ is not ours: it shows another certificate/],
    [await startTls(t, withoutProtocol), /is not ours: it does not speak the protocol acme-tls\/1/],
    [await startTls(t, { ...options, ALPNProtocols: ['h2'] }), /is not ours: it refuses the protocol acme-tls\/1/],
    [await startHosts(t), /is not ours: it does not speak TLS/],
  ];
  for (const [port, why] of evident) assert.match((await check(port, 'Lenient', 9)) ?? '', why);
  const unseen: readonly (readonly [port: number, why: RegExp])[] = [
    [nobody, /whose port 1 can not be reached from here, .*ECONNREFUSED/],
    [(silent.address() as AddressInfo).port, /can not be reached from here, it does not answer within 2000 ms/],
  ];
  for (const [port, why] of unseen) {
    assert.match((await check(port, 'Lenient', 1)) ?? '', why);
    assert.equal(await check(port, 'Lenient', 2), undefined);
  }
  assert.match((await check(undefined, 'Lenient', 9)) ?? '', /no listener of HTTPS answers for good\.shop\.test/);
});
