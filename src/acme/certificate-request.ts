import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { loadX509 } from '../local-ca/x509.ts';
import { Redacted } from '../redacted.ts';
import { signingKeys } from './signing-keys.ts';

const generate = promisify(generateKeyPair);

/** A new key in PEM (PKCS #8): P-256, or RSA with 2,048 bits. */
export async function makeKey(type: 'ECDSA' | 'RSA'): Promise<Redacted> {
  const encoding = { publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } } as const;
  const pair =
    type === 'RSA'
      ? await generate('rsa', { modulusLength: 2048, ...encoding })
      : await generate('ec', { namedCurve: 'P-256', ...encoding });
  return new Redacted(pair.privateKey);
}

/** A request in PEM for a certificate of these names. */
export async function certificateRequest(privateKey: Redacted, names: readonly string[]): Promise<string> {
  const x509 = await loadX509();
  const { algorithm, keys } = await signingKeys(privateKey);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value })))],
  });
  return request.toString('pem');
}
