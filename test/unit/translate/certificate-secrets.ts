import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { Secret } from '../../../src/api/objects.ts';

/** The Secrets of the golden cases about certificates: good, dual, wildcard, expired, broken. */
export const certificateSecrets: readonly Secret[] = ['tls', 'broken-secrets', 'certificate-conflict'].flatMap((name) => {
  const text = readFileSync(`${import.meta.dirname}/../../golden/${name}.in.yaml`, 'utf8');
  const objects = parseAllDocuments(text).map((document) => document.toJS() as Secret);
  return objects.filter(({ kind }) => kind === 'Secret');
});

/** One of them by name. */
export function certificateSecret(name: string): Secret {
  const secret = certificateSecrets.find(({ metadata }) => metadata.name === name);
  if (secret === undefined) throw new Error(`Cannot find Secret ${name}: no golden case has it`);
  return secret;
}
