import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Secret } from '../../../src/api/objects.ts';
import { loadX509 } from '../../../src/local-ca/x509.ts';
import { elementAt, timeOf } from '../../../src/translate/der.ts';
import { readRevocationLists } from '../../../src/translate/revocation-lists.ts';
import { crlPem, TestAuthority } from '../../tools/test-authority.ts';

function secretOf(crl: Buffer | string | undefined): Secret {
  const data: Record<string, string> = crl === undefined ? {} : { 'ca.crl': Buffer.from(crl).toString('base64') };
  return { kind: 'Secret', metadata: { name: 'ca', namespace: 'default' }, data };
}

describe('lists of revoked certificates', () => {
  it('are read as openssl makes them, with their times, in PEM and DER', () => {
    const folder = mkdtempSync(join(tmpdir(), 'crl-'));
    try {
      const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
      writeFileSync(join(folder, 'index.txt'), '');
      writeFileSync(join(folder, 'conf'), '[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\ndefault_md=sha256\n');
      openssl(
        ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out ca -days 2 -subj /O=Example/CN=CA'.split(' '),
      );
      openssl(...'ca -config conf -gencrl -keyfile key -cert ca -crldays 1 -out pem'.split(' '));
      openssl(...'crl -in pem -outform DER -out der'.split(' '));
      const ca = readFileSync(join(folder, 'ca'), 'utf8');
      const shown = String(openssl('crl', '-in', 'pem', '-noout', '-nextupdate'));
      for (const name of ['pem', 'der']) {
        const read = readRevocationLists(secretOf(readFileSync(join(folder, name))), ca);
        assert.ok(read !== undefined && 'lists' in read, name);
        assert.equal(read.lists.length, 1);
        assert.equal(read.missing, undefined);
        assert.equal(read.nextUpdateMs, Date.parse(shown.trim().replace('nextUpdate=', '')));
        assert.ok(read.nextUpdateMs - read.thisUpdateMs === 86_400_000);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('of several CAs hold from the last beginning to the first end', async () => {
    const [one, two] = [await TestAuthority.make('CN=One'), await TestAuthority.make('CN=Two')];
    const [soon, late] = [await one.revoke([], 60_000), await two.revoke([], 120_000, -60_000)];
    const read = readRevocationLists(secretOf(crlPem(soon) + crlPem(late)), one.ca + two.ca);
    assert.ok(read !== undefined && 'lists' in read);
    assert.equal(read.lists.length, 2);
    assert.equal(read.missing, undefined);
    assert.ok(Math.abs(read.nextUpdateMs - Date.now() - 60_000) < 10_000);
    assert.ok(Math.abs(read.thisUpdateMs - Date.now() + 60_000) < 10_000);
    const half = readRevocationLists(secretOf(crlPem(soon)), one.ca + two.ca);
    assert.ok(half !== undefined && 'lists' in half);
    assert.equal(half.missing, 'CN=Two');
  });

  it('are of a CA whose name they write otherwise, as OpenSSL compares names (RFC 5280, 7.1)', async () => {
    const x509 = await loadX509();
    const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };
    const [thisUpdate, nextUpdate] = [new Date(Date.now() - 60_000), new Date(Date.now() + 60_000)];
    const named = (...values: readonly object[]) => values.map((value) => ({ CN: [value] }));
    const ca = await x509.X509CertificateGenerator.createSelfSigned({
      name: named({ utf8String: 'The  CA ' }, { utf8String: 'b,c' }) as never,
      notBefore: thisUpdate,
      notAfter: nextUpdate,
      keys,
      signingAlgorithm,
    });
    const missingOf = async (...values: readonly object[]) => {
      const issuer = new x509.Name(named(...values) as never);
      const crl = await x509.X509CrlGenerator.create({
        issuer: issuer as never,
        thisUpdate,
        nextUpdate,
        signingKey: keys.privateKey,
        signingAlgorithm,
      });
      const read = readRevocationLists(secretOf(Buffer.from(crl.rawData)), `${ca.toString('pem')}\n`);
      assert.ok(read !== undefined && 'lists' in read);
      return read.missing;
    };
    assert.equal(await missingOf({ printableString: 'the ca' }, { printableString: 'b,c' }), undefined);
    assert.equal(await missingOf({ bmpString: 'The CA' }, { ia5String: 'B,C' }), undefined);
    for (const other of [
      [{ printableString: 'theca' }, { printableString: 'b,c' }],
      [{ printableString: 'the ca' }],
      [{ printableString: 'b,c' }, { printableString: 'the ca' }],
    ])
      assert.ok((await missingOf(...other)) !== undefined, JSON.stringify(other));
  });

  it('are absent, or can not be used: too large, no list, or a broken one among good ones', async () => {
    const authority = await TestAuthority.make('CN=One');
    const good = await authority.revoke([]);
    assert.equal(readRevocationLists(secretOf(undefined), authority.ca), undefined);
    for (const crl of [
      '',
      authority.ca,
      'x'.repeat(300_000),
      crlPem(good) + crlPem(good).replace(/\n[^-]{20}/, '\n'),
      Buffer.concat([good, good]),
    ])
      assert.ok('why' in (readRevocationLists(secretOf(crl), authority.ca) ?? {}), String(crl).slice(0, 40));
  });

  it('whatever the bytes, reading ends with an answer', async () => {
    const authority = await TestAuthority.make('CN=One');
    const good = await authority.revoke([await authority.issue('CN=ada')]);
    const changed = fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => {
      const bytes = Buffer.from(good);
      bytes[at] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(
        fc.oneof(
          changed,
          fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from([0x30, ...bytes])),
        ),
        (bytes) => {
          const read = readRevocationLists(secretOf(bytes), authority.ca);
          assert.ok(read !== undefined && ('why' in read || read.lists.length === 1));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('DER', () => {
  it('has lengths of one to four bytes, and nothing that goes beyond the end', () => {
    assert.deepEqual(elementAt(Buffer.from([0x30, 0x01, 0x05]), 0), { tag: 0x30, start: 0, content: 2, end: 3 });
    assert.deepEqual(elementAt(Buffer.from([0x30, 0x81, 0x01, 0x05]), 0), { tag: 0x30, start: 0, content: 3, end: 4 });
    for (const bytes of [[], [0x30], [0x30, 0x02, 0x05], [0x30, 0x80, 0x00, 0x00], [0x30, 0x85, 0, 0, 0, 0, 0], [0x30, 0x82, 0x00]])
      assert.equal(elementAt(Buffer.from(bytes), 0), undefined, String(bytes));
  });

  it('has times in two forms', () => {
    const read = (tag: number, text: string) => {
      const der = Buffer.from([tag, text.length, ...Buffer.from(text)]);
      const element = elementAt(der, 0);
      return element && timeOf(der, element);
    };
    assert.equal(read(0x17, '491231235959Z'), Date.UTC(2049, 11, 31, 23, 59, 59));
    assert.equal(read(0x17, '500101000000Z'), Date.UTC(1950, 0, 1));
    assert.equal(read(0x18, '20500101000000Z'), Date.UTC(2050, 0, 1));
    for (const [tag, text] of [
      [0x18, '20501301000000Z'],
      [0x17, '2612010000Z'],
      [0x02, '261201000000Z'],
      [0x18, '20260101000000+0100'],
    ] as const)
      assert.equal(read(tag, text), undefined, text);
  });
});
