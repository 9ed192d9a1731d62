import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type CertificatesReport, needsLook, reportCertificates } from '../../../src/cli/certificate-report.ts';
import { renderCertificates } from '../../../src/cli/render-certificates.ts';
import { Redacted } from '../../../src/redacted.ts';
import type { Certificate } from '../../../src/routes/route-table.ts';
import type { AcmeCertificate } from '../../../src/translate/acme-certificate.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const hourMs = 3_600_000;

/** A certificate of which `read` gets the key when its chain is read. */
function certificate(key: string, hours: number, read: string[]): Certificate {
  return {
    key,
    names: [`${key.replace('/', '.')}.example`],
    get chain() {
      read.push(key);
      return 'not PEM';
    },
    privateKey: new Redacted('secret'),
    fingerprint: key,
    notAfterMs: nowMs + hours * hourMs,
    keyType: 'ec',
  };
}

const missing = {
  secret: 'shop/new',
  names: ['new.example'],
  issuer: { name: 'ca' },
  state: {},
  present: undefined,
} as unknown as AcmeCertificate;

function report(limit: number, read: string[]): CertificatesReport {
  const all = [certificate('shop/late', 9, read), certificate('shop/soon', 1, read), certificate('shop/over', -1, read)];
  return reportCertificates({
    certificates: new Map(all.map((each) => [each.key, each])),
    acme: [missing],
    problems: [],
    nowMs,
    limit,
  });
}

suite('certificates of a running program', () => {
  test('missing ones come first, then those that end soonest; only those within the limit are read', () => {
    const read: string[] = [];
    const { certificates, more } = report(3, read);
    assert.deepEqual(
      certificates.map(({ secret, state }) => `${secret} ${state}`),
      ['shop/new missing', 'shop/over expired', 'shop/soon valid'],
    );
    assert.deepEqual([more, read], [1, ['shop/over', 'shop/soon']]);
  });

  test('one that is not valid yet is said to be that, and not to be valid', async () => {
    const { cert } = await makeTestCertificate('early.example');
    const early = { ...certificate('shop/early', 24 * 365, []), chain: cert, notAfterMs: Date.now() + hourMs };
    const states = [Date.now(), Date.now() - 2 * hourMs, Date.now() + 2 * hourMs].map((at) => {
      const of = { certificates: new Map([[early.key, early]]), acme: [], problems: [], nowMs: at, limit: 10 };
      const given = reportCertificates(of);
      return [given.certificates[0]?.state, needsLook(given)];
    });
    assert.deepEqual(states, [
      ['valid', false],
      ['not yet valid', true],
      ['expired', true],
    ]);
  });

  test('what objects and signers wrote is shown and not obeyed', () => {
    const [first, ...rest] = report(4, []).certificates;
    const bad = { ...first, names: ['\x1b[2Ja.example'], problem: 'said \x1b]0;x' } as CertificatesReport['certificates'][number];
    const problems = [{ object: 'Ingress shop/a', reason: 'SecretNotFound', message: '\x1b[1mgone' }];
    assert.doesNotMatch(renderCertificates({ certificates: [bad, ...rest], more: 0, problems }), /\x1b/);
  });
});
