import type { Secret } from '../api/objects.ts';
import { type Certificate, defaultCertificateKey } from '../routes/route-table.ts';
import type { CertificateReader } from './certificate-reader.ts';
import { describe } from './problem-list.ts';
import type { ObjectRef, Problem } from './translation.ts';

/** The certificate for names that have none, from `--default-certificate`. */
export interface DefaultCertificate {
  readonly certificate: Certificate | undefined;
  readonly problems: readonly Problem[];
}

/** @param key `namespace/name` of its Secret; undefined: none is configured */
export function readDefaultCertificate(key: string | undefined, secret: Secret | undefined, reader: CertificateReader): DefaultCertificate {
  if (key === undefined) return { certificate: undefined, problems: [] };
  const reading = secret === undefined ? undefined : reader.read(key, secret);
  if (reading?.kind === 'certificate') return { certificate: { ...reading.certificate, key: defaultCertificateKey }, problems: [] };
  const slash = key.indexOf('/');
  const object: ObjectRef = { apiVersion: 'v1', kind: 'Secret', namespace: key.slice(0, slash), name: key.slice(slash + 1), uid: '' };
  const problem: Problem =
    reading === undefined
      ? { object, reason: 'SecretNotFound', field: '', message: `${describe(object)}, the default certificate, does not exist; create it.` }
      : { object, reason: 'SecretInvalid', field: 'data', message: `${describe(object)}, the default certificate, ${reading.why}.` };
  return { certificate: undefined, problems: [problem] };
}
