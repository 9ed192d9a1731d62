import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Secret } from '../api/objects.ts';
import { Redacted } from '../redacted.ts';
import type { Certificate } from '../routes/route-table.ts';
import { fieldsOf, textOf } from './unknown-input.ts';

/** A Secret as a certificate, or why it is none with what to do about it, as the end of a sentence ("Secret x ..."). */
export type CertificateReading =
  | { readonly kind: 'certificate'; readonly certificate: Certificate; readonly notBeforeMs: number }
  | { readonly kind: 'unusable'; readonly why: string };

/** @param key `namespace/name` of the Secret, which becomes the certificate's key */
export function readCertificate(key: string, secret: Secret): CertificateReading {
  const type = textOf(secret.type);
  if (type !== undefined && !acceptedTypes.has(type)) {
    return unusable('is of a type that holds no certificate; make it with "kubectl create secret tls"');
  }
  const chainText = secretText(secret, 'tls.crt');
  const keyText = secretText(secret, 'tls.key');
  if (chainText === undefined) return unusable('has no tls.crt; put the certificate chain in PEM there');
  if (keyText === undefined) return unusable('has no tls.key; put the private key in PEM there');
  const chain = readChain(chainText);
  if (typeof chain === 'string') return unusable(chain);
  const privateKey = readPrivateKey(keyText);
  if (typeof privateKey === 'string') return unusable(privateKey);
  return pair(key, chain, privateKey, keyText);
}

/** The `ca.crt` of a Secret, in PEM, or why there is none. */
export function readCaBundle(secret: Secret): { readonly pem: string } | { readonly why: string } {
  const text = secretText(secret, 'ca.crt');
  if (text === undefined) return { why: 'has no ca.crt; put the CA certificates in PEM there' };
  const chain = readChain(text, 'ca.crt');
  return typeof chain === 'string' ? { why: chain } : { pem: chain.pem };
}

const acceptedTypes = new Set(['kubernetes.io/tls', 'Opaque']);
const maxPemLength = 1_048_576;
const maxChainLength = 20;

interface Chain {
  readonly leaf: X509Certificate;
  readonly pem: string;
}

function unusable(why: string): CertificateReading {
  return { kind: 'unusable', why };
}

/** `data` is base64. */
/** An entry of a Secret, a character a byte; undefined: there is none, or it is empty. */
export function secretText(secret: Secret, name: string): string | undefined {
  const encoded = textOf(fieldsOf(secret.data)[name]);
  return encoded === undefined ? undefined : textOf(Buffer.from(encoded, 'base64').toString('latin1'));
}

function readChain(text: string, entry = 'tls.crt'): Chain | string {
  if (text.length > maxPemLength) return `has a ${entry} over 1 MiB; keep the leaf and its intermediates only`;
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return `has a ${entry} that is not PEM ("-----BEGIN CERTIFICATE-----"); store it as PEM, encoded in base64 once`;
  if (blocks.length > maxChainLength && entry === 'tls.crt')
    return `has more than ${maxChainLength} certificates in ${entry}; keep the leaf and its intermediates only`;
  const certificates = blocks.map(parseCertificate);
  const broken = certificates.indexOf(undefined);
  const leaf = certificates[0];
  if (broken !== -1 || leaf === undefined) return `has a ${entry} whose certificate number ${broken + 1} does not parse; issue it again`;
  return { leaf, pem: `${blocks.join('\n')}\n` };
}

/** The first certificate of a chain in PEM; undefined: it is none. */
export function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function readPrivateKey(text: string): KeyObject | string {
  if (text.length > maxPemLength) return 'has a tls.key over 1 MiB; keep the private key only';
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    return 'has a tls.key that is not a private key in PEM ("-----BEGIN PRIVATE KEY-----")';
  if (/ENCRYPTED/.test(text)) return 'has a tls.key that is encrypted; store it without a passphrase';
  try {
    return createPrivateKey(text);
  } catch {
    return 'has a tls.key that does not parse; issue it again';
  }
}

function pair(key: string, { leaf, pem }: Chain, privateKey: KeyObject, keyText: string): CertificateReading {
  const keyType = supportedKeyType(privateKey);
  if (keyType === undefined)
    return unusable('has a key of a kind that is not accepted; use ECDSA (P-256), RSA (2,048 bits or more) or Ed25519');
  if (!belongs(leaf, privateKey))
    return unusable(
      'has a tls.key that does not belong to the first certificate in tls.crt; put the leaf first, or the key that it was issued for',
    );
  const notAfterMs = leaf.validToDate.getTime();
  const notBeforeMs = leaf.validFromDate.getTime();
  if (!Number.isFinite(notAfterMs) || !Number.isFinite(notBeforeMs))
    return unusable('has a certificate without readable dates; issue it again');
  const fingerprint = leaf.fingerprint256.replaceAll(':', '').toLowerCase();
  const certificate = { key, names: namesOf(leaf), chain: pem, privateKey: new Redacted(keyText), fingerprint, notAfterMs, keyType };
  return { kind: 'certificate', certificate, notBeforeMs };
}

function belongs(leaf: X509Certificate, privateKey: KeyObject): boolean {
  try {
    return leaf.checkPrivateKey(privateKey);
  } catch {
    return false;
  }
}

/** OpenSSL's security level 2 refuses shorter RSA keys, so that a server context could not be made of them. */
function supportedKeyType(key: KeyObject): Certificate['keyType'] | undefined {
  if (key.asymmetricKeyType === 'rsa') return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 ? 'rsa' : undefined;
  if (key.asymmetricKeyType === 'ec') return acceptedCurves.has(key.asymmetricKeyDetails?.namedCurve ?? '') ? 'ec' : undefined;
  return key.asymmetricKeyType === 'ed25519' ? 'ed25519' : undefined;
}

const acceptedCurves = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** DNS names of the SAN; the common name only when there is no SAN at all, as clients once did. */
function namesOf(leaf: X509Certificate): readonly string[] {
  const san = leaf.subjectAltName;
  if (san !== undefined) return [...san.matchAll(/(?:^|, )DNS:([^\s,"]+)/g)].map(([, name]) => (name ?? '').toLowerCase());
  const commonName = /^CN=([^\s+]+)$/m.exec(leaf.subject)?.[1];
  return commonName === undefined ? [] : [commonName.toLowerCase()];
}
