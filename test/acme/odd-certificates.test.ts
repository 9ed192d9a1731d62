import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { makeKey } from '../../src/acme/certificate-request.ts';
import { signingKeys } from '../../src/acme/signing-keys.ts';
import type { Secret } from '../../src/api/objects.ts';
import { loadX509 } from '../../src/local-ca/x509.ts';
import { secretText } from '../../src/translate/read-certificate.ts';
import { MemorySecrets } from '../tools/acme/memory-secrets.ts';
import { issuer, startAnswers, startManager, wanted } from '../tools/acme/ordering.ts';
import { eventually } from '../tools/eventually.ts';
import { Gate, type GateAnswer, type GateRequest, type InsteadOf } from '../tools/gate.ts';
import { Pebble } from '../tools/pebble.ts';
import { makeTestCertificate } from '../tools/test-certificate.ts';

const dayMs = 86_400_000;
const host = 'odd.test';

/** What a CA issues in the place of what was ordered. */
interface Odd {
  readonly names?: readonly string[];
  readonly fromMs?: number;
  readonly toMs?: number;
  /** For a key of its own. */
  readonly isOfAnotherKey?: true;
  /** It wants each certificate to be renewed in a year that is over. */
  readonly asksForThePast?: true;
}

/** A CA whose certificates are these; a manager that wants one of `host` in `shop/odd`; and how often it was ordered. */
async function startOddCa(t: TestContext, odd: Odd) {
  const secrets = new MemorySecrets();
  const answers = await startAnswers(secrets);
  t.after(() => answers.close());
  const pebble = await Pebble.start({ httpPort: (answers.address() as AddressInfo).port, refusedNonces: 0 });
  t.after(() => pebble.stop());
  const gate = await Gate.start(Number(new URL(pebble.directory).port));
  t.after(() => gate.close());
  const issue = await issuing(odd);
  gate.onRequest = (passing) => windowOf(passing, odd);
  gate.onAnswer = (passing) => issue(passing);
  const of = issuer(`https://localhost:${gate.port}/dir`, { ca: gate.trusted });
  const { manager, stop } = startManager({ secrets });
  t.after(stop);
  manager.active = true;
  return {
    secrets,
    /** As a change of Secrets makes it known. */
    updated() {
      const now = wanted(secrets, of, 'shop/odd', host);
      manager.update([now]);
      return now;
    },
    orders: () => gate.count('POST', /^\/order-plz$/),
  };
}

function windowOf({ path }: GateRequest, { asksForThePast }: Odd): InsteadOf | undefined {
  if (asksForThePast === undefined || !path.includes('/renewalInfo/')) return undefined;
  return { status: 200, body: JSON.stringify({ suggestedWindow: { start: '2020-01-01T00:00:00Z', end: '2020-01-02T00:00:00Z' } }) };
}

/** Answers to downloads: for the key of the request that it saw before. */
async function issuing({ names = [host], fromMs = -1, toMs = 90 * dayMs, isOfAnotherKey }: Odd) {
  const x509 = await loadX509();
  const { keys, algorithm } = await signingKeys(await makeKey('ECDSA'));
  let asked: InstanceType<typeof x509.Pkcs10CertificateRequest> | undefined;
  return async ({ path, body }: GateAnswer): Promise<InsteadOf | undefined> => {
    if (path.startsWith('/finalize-order/')) {
      const { payload } = JSON.parse(body) as { payload: string };
      const { csr } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { csr: string };
      asked = new x509.Pkcs10CertificateRequest(Buffer.from(csr, 'base64url'));
    }
    if (!path.startsWith('/certZ/') || asked === undefined) return undefined;
    const certificate = await x509.X509CertificateGenerator.create({
      subject: 'CN=odd',
      issuer: 'CN=odd CA',
      notBefore: new Date(Date.now() + fromMs),
      notAfter: new Date(Date.now() + toMs),
      signingKey: keys.privateKey,
      publicKey: isOfAnotherKey ? keys.publicKey : asked.publicKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }))),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { status: 200, headers: { 'content-type': 'application/pem-certificate-chain' }, body: `${certificate.toString('pem')}\n` };
  };
}

/** Others than were asked for, which were ordered anew every few seconds, without an end. */
const taken: Readonly<Record<string, Odd>> = {
  'with www. beside each name, as some CAs do,': { names: [host, `www.${host}`] },
  'that says each name twice': { names: [host, host] },
  'of a CA that wants each one to be renewed before it was issued': { asksForThePast: true },
};

for (const [title, odd] of Object.entries(taken)) {
  test(`a certificate ${title} is served, and not ordered again`, async (t) => {
    const { secrets, updated, orders } = await startOddCa(t, odd);
    updated();
    await eventually('the certificate', () => secrets.objects.has('shop/odd'), 60_000);
    const { renewal } = await eventually(
      'when to renew',
      () => {
        const { state } = updated();
        return state.order === undefined && state.renewal !== undefined && state;
      },
      20_000,
    );
    assert.ok((renewal?.atMs ?? 0) > Date.now() + 50 * dayMs);
    assert.equal(orders(), 1);
  });
}

const refused: Readonly<Record<string, readonly [Odd, RegExp]>> = {
  'for other names': [
    { names: ['elsewhere.test'] },
    /^the certificate that the CA issued is for "elsewhere\.test", and not for "odd\.test"$/,
  ],
  'for another key': [{ isOfAnotherKey: true }, /^the certificate that the CA issued is for another key than that of the order$/],
  'that is over': [
    { fromMs: -90 * dayMs, toMs: -dayMs },
    /^the certificate that the CA issued is valid from \S+ to \S+, which is over; compare the clock of this machine/,
  ],
};

for (const [title, [odd, message]] of Object.entries(refused)) {
  test(`a certificate ${title} takes no other one's place, is told, and costs no order after order`, async (t) => {
    const { secrets, updated, orders } = await startOddCa(t, odd);
    const old = await makeTestCertificate(`old.${host}`);
    const annotations = { 'smartproxy.dev/acme-directory': 'https://before.test' };
    const data = { 'tls.crt': btoa(old.cert), 'tls.key': btoa(old.key) };
    await secrets.write({ kind: 'Secret', type: 'kubernetes.io/tls', metadata: { namespace: 'shop', name: 'odd', annotations }, data });
    const { failure, order } = await eventually('it is told', () => updated().state.failure && updated().state, 60_000);
    assert.match(failure?.message ?? '', message);
    assert.ok((failure?.nextAttemptMs ?? 0) > Date.now() + 40_000);
    assert.equal(order, undefined, 'what became of it will not change');
    assert.equal(orders(), 1);
    const leaf = new X509Certificate(secretText(secrets.objects.get('shop/odd') as Secret, 'tls.crt') ?? '');
    assert.equal(leaf.fingerprint256, new X509Certificate(old.cert).fingerprint256);
  });
}
