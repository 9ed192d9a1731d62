import { createPrivateKey, webcrypto } from 'node:crypto';
import type { Redacted } from '../redacted.ts';

const algorithms = {
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
} as const;

/** A key in PEM (P-256 or RSA) as the X.509 library wants it, with its public part. */
export async function signingKeys(privateKey: Redacted) {
  const key = createPrivateKey(privateKey.reveal());
  const algorithm = key.asymmetricKeyType === 'rsa' ? algorithms.rsa : algorithms.ec;
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  const signing = await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']);
  const { d, dp, dq, p, q, qi, key_ops, ...publicPart } = await webcrypto.subtle.exportKey('jwk', signing);
  const verifying = await webcrypto.subtle.importKey('jwk', publicPart, algorithm, true, ['verify']);
  return { algorithm, keys: { privateKey: signing, publicKey: verifying } };
}
