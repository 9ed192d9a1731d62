import 'reflect-metadata';
import { generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;

/** Whom a certificate of the cluster is for. */
export interface Identity {
  /** Names its files: `<file>.crt` and `<file>.key`. */
  readonly file: string;
  /** Its user name. */
  readonly name: string;
  readonly group?: string;
  /** What it is reached by, when it is a server. */
  readonly dns?: readonly string[];
  readonly addresses?: readonly string[];
}

/** Writes the cluster's certificate authority (`ca.crt`, `ca.key`), a certificate for each identity, and the key pair of service accounts. */
export async function writeClusterCertificates(folder: string, identities: readonly Identity[]): Promise<void> {
  x509.cryptoProvider.set(webcrypto as Crypto);
  const caKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const period = { notBefore: new Date(Date.now() - dayMs), notAfter: new Date(Date.now() + dayMs) };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...period,
    name: 'CN=test-cluster',
    signingAlgorithm: algorithm,
    keys: caKeys,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  await write(folder, 'ca', ca, caKeys.privateKey);
  for (const { file, name, group, dns = [], addresses = [] } of identities) {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const names = [...dns.map((value) => ({ type: 'dns' as const, value })), ...addresses.map((value) => ({ type: 'ip' as const, value }))];
    const certificate = await x509.X509CertificateGenerator.create({
      ...period,
      serialNumber: `00${randomBytes(8).toString('hex')}`,
      subject: [...(group === undefined ? [] : [{ O: [group] }]), { CN: [name] }],
      issuer: ca.subject,
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: caKeys.privateKey,
      extensions: [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
      ],
    });
    await write(folder, file, certificate, keys.privateKey);
  }
  const accounts = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(join(folder, 'service-accounts.key'), accounts.privateKey.export({ type: 'sec1', format: 'pem' }));
  writeFileSync(join(folder, 'service-accounts.pub'), accounts.publicKey.export({ type: 'spki', format: 'pem' }));
}

async function write(folder: string, file: string, certificate: x509.X509Certificate, key: webcrypto.CryptoKey): Promise<void> {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  writeFileSync(join(folder, `${file}.crt`), `${certificate.toString('pem')}\n`);
  writeFileSync(
    join(folder, `${file}.key`),
    `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/(.{64})/g, '$1\n')}\n-----END PRIVATE KEY-----\n`,
  );
}
