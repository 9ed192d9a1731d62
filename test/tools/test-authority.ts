import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { TestCertificate } from './test-certificate.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A CA for tests that issues certificates to clients. */
export class TestAuthority {
  /** In PEM. */
  readonly ca: string;
  readonly #name: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  #issued = 1;

  private constructor(name: string, keys: webcrypto.CryptoKeyPair, ca: string) {
    this.#name = name;
    this.#keys = keys;
    this.ca = ca;
  }

  static async make(name: string): Promise<TestAuthority> {
    x509.cryptoProvider.set(webcrypto as Crypto);
    const keys = await makeKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...{ name, keys, signingAlgorithm: algorithm, serialNumber: '01' },
      ...{ notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 86_400_000) },
      extensions: [
        new x509.BasicConstraintsExtension(true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign),
      ],
    });
    return new TestAuthority(name, keys, certificate.toString('pem'));
  }

  /** @param subject `CN=ada, O=Example`; @param validForMs until when from now: negative for one that has expired */
  async issue(subject: string, validForMs = 86_400_000): Promise<TestCertificate> {
    const keys = await makeKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      ...{ subject, issuer: this.#name, signingAlgorithm: algorithm, serialNumber: (++this.#issued).toString(16).padStart(2, '0') },
      ...{ publicKey: keys.publicKey, signingKey: this.#keys.privateKey },
      ...{ notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + validForMs) },
    });
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    return { key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`, cert: certificate.toString('pem') };
  }

  /**
   * A list of certificates that it takes back, in DER.
   * @param validForMs until when from now: negative for one that should have been renewed
   */
  async revoke(certificates: readonly TestCertificate[], validForMs = 86_400_000, validFromMs = -3_600_000): Promise<Buffer> {
    const crl = await x509.X509CrlGenerator.create({
      ...{ issuer: this.#name, signingAlgorithm: algorithm, signingKey: this.#keys.privateKey },
      ...{ thisUpdate: new Date(Date.now() + validFromMs), nextUpdate: new Date(Date.now() + validForMs) },
      entries: certificates.map(({ cert }) => ({ serialNumber: new x509.X509Certificate(cert).serialNumber, revocationDate: new Date() })),
    });
    return Buffer.from(crl.rawData);
  }
}

/** A list in PEM, as OpenSSL calls it. */
export function crlPem(der: Buffer): string {
  return `-----BEGIN X509 CRL-----\n${der.toString('base64')}\n-----END X509 CRL-----\n`;
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}
