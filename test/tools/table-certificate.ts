import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { Redacted } from '../../src/redacted.ts';
import type { Certificate } from '../../src/routes/route-table.ts';
import { makeTestCertificate } from './test-certificate.ts';

/** An entry of a route table for a fresh EC certificate. */
export async function ecCertificate(key: string, ...names: string[]): Promise<Certificate> {
  const { cert, key: privateKey } = await makeTestCertificate(...names);
  return entry(key, names, cert, privateKey, 'ec');
}

/** The same with an RSA key. */
export async function rsaCertificate(key: string, name: string): Promise<Certificate> {
  x509.cryptoProvider.set(webcrypto as Crypto);
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 86_400_000),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return entry(key, [name], made.toString('pem'), `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`, 'rsa');
}

function entry(key: string, names: readonly string[], chain: string, privateKey: string, keyType: Certificate['keyType']): Certificate {
  const fingerprint = new X509Certificate(chain).fingerprint256;
  return { key, names, chain, privateKey: new Redacted(privateKey), fingerprint, notAfterMs: 0, keyType };
}
