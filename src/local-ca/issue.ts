import { createHash, randomBytes, webcrypto } from 'node:crypto';
import { Redacted } from '../redacted.ts';
import type { Certificate } from '../routes/route-table.ts';
import { loadX509 } from './x509.ts';

const dayMs = 86_400_000;
const authorityLifetimeMs = 3650 * dayMs;
/** Below the 398 days after which browsers refuse a certificate. */
const leafLifetimeMs = 90 * dayMs;
/** Clocks of other machines may be behind. */
const backdatingMs = dayMs;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A certificate authority: its certificate and its key, both PEM. */
export interface Authority {
  readonly certificate: string;
  readonly privateKey: Redacted;
  readonly notAfterMs: number;
}

/** Makes a new authority that signs leaves only. */
export async function issueAuthority(nowMs: number): Promise<Authority> {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const notAfterMs = nowMs + authorityLifetimeMs;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: ['smartproxy-ingress local CA'] }],
    notBefore: new Date(nowMs - backdatingMs),
    notAfter: new Date(notAfterMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem'), privateKey: new Redacted(await pemOf(keys.privateKey)), notAfterMs };
}

/** Makes a certificate for one host name (a wildcard, too), valid as long as the authority at most; `key` is its key in the table. */
export async function issueLeaf(authority: Authority, key: string, host: string, nowMs: number): Promise<Certificate> {
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(authority.certificate);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const notAfterMs = Math.min(nowMs + leafLifetimeMs, authority.notAfterMs);
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [commonName(host)] }],
    issuer: issuer.subject,
    notBefore: new Date(nowMs - backdatingMs),
    notAfter: new Date(notAfterMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    key,
    names: [host],
    chain: `${leaf.toString('pem')}\n${authority.certificate}\n`,
    privateKey: new Redacted(await pemOf(keys.privateKey)),
    fingerprint: createHash('sha256').update(Buffer.from(leaf.rawData)).digest('hex'),
    notAfterMs,
    keyType: 'ec',
  };
}

/** The time from which on a certificate of ours should be replaced: a third of its life is left. */
export function renewalTime(leaf: Certificate): number {
  return leaf.notAfterMs - leafLifetimeMs / 3;
}

/** Whether an authority can still sign leaves of full length. */
export function isUsable(authority: Authority, nowMs: number): boolean {
  return authority.notAfterMs - nowMs > leafLifetimeMs;
}

async function signingKey(authority: Authority): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(authority.privateKey.reveal().replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const base64 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n');
}

/** Random; its first bits make it positive and never shorter: at most 20 bytes (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** A common name has at most 64 characters; the names that count are in the SAN. */
function commonName(host: string): string {
  return host.length <= 64 ? host : 'smartproxy-ingress';
}
