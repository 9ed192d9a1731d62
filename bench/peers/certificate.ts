import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

const newKey = { ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], rsa: ['-newkey', 'rsa:2048'] } as const;

/** Writes a self-signed certificate for `names`, with its key, into `dir`. */
export function makeCertificate(dir: string, names: readonly string[], keyType: keyof typeof newKey = 'ec'): CertificateFiles {
  const certificateFile = join(dir, `${names[0]}.crt`);
  const keyFile = join(dir, `${names[0]}.key`);
  const subject = ['-subj', '/CN=bench', '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join()}`];
  const files = ['-keyout', keyFile, '-out', certificateFile];
  execFileSync('openssl', ['req', '-x509', ...newKey[keyType], '-nodes', '-days', '2', ...subject, ...files], { stdio: 'ignore' });
  return { certificateFile, keyFile };
}
