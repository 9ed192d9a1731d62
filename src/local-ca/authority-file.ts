import { randomBytes, X509Certificate } from 'node:crypto';
import { chmod, link, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SmartProxyError } from '../errors.ts';
import { Redacted } from '../redacted.ts';
import { type Authority, issueAuthority, isUsable } from './issue.ts';

/** Certificate and key of the authority, mode 0600. */
const authorityFile = 'local-ca.pem';
/** The certificate alone, for people to trust: `curl --cacert`. */
const certificateFile = 'local-ca.crt';

/**
 * The authority kept in `stateDir`, made when there is none or its time is running out. Two processes that start together agree on
 * one. Throws STATE_UNUSABLE.
 */
export async function openAuthority(stateDir: string, nowMs: number): Promise<Authority> {
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    const kept = await readAuthority(stateDir);
    if (kept !== undefined && isUsable(kept, nowMs)) return kept;
    const made = await keepAuthority(stateDir, await issueAuthority(nowMs), kept !== undefined);
    await writeFile(join(stateDir, certificateFile), made.certificate, { mode: 0o644 });
    return made;
  } catch (error) {
    throw new SmartProxyError('STATE_UNUSABLE', `Cannot keep the local CA in ${stateDir}: ${messageOf(error)}`, { cause: error });
  }
}

/** The certificate of the authority kept in `stateDir`, PEM; undefined: there is none. Throws STATE_UNUSABLE. */
export async function keptAuthorityCertificate(stateDir: string): Promise<string | undefined> {
  try {
    return (await readAuthority(stateDir))?.certificate;
  } catch (error) {
    throw new SmartProxyError('STATE_UNUSABLE', `Cannot read the local CA in ${stateDir}: ${messageOf(error)}`, { cause: error });
  }
}

/** The path of the certificate that `openAuthority` leaves in `stateDir`. */
export function authorityCertificatePath(stateDir: string): string {
  return join(stateDir, certificateFile);
}

async function readAuthority(stateDir: string): Promise<Authority | undefined> {
  const path = join(stateDir, authorityFile);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  await chmod(path, 0o600);
  const [certificate] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text) ?? [];
  const [privateKey] = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(text) ?? [];
  if (certificate === undefined || privateKey === undefined)
    throw new Error(`${authorityFile} holds no certificate with its key; remove it to make a new one`);
  return { certificate, privateKey: new Redacted(`${privateKey}\n`), notAfterMs: Date.parse(new X509Certificate(certificate).validTo) };
}

/** Writes the authority in one step; without `replace`, one that another process wrote meanwhile is taken instead. */
async function keepAuthority(stateDir: string, made: Authority, replace: boolean): Promise<Authority> {
  const path = join(stateDir, authorityFile);
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(temporary, `${made.certificate}\n${made.privateKey.reveal()}`, { mode: 0o600, flag: 'wx' });
  if (replace) {
    await rename(temporary, path);
    return made;
  }
  try {
    await link(temporary, path);
    return made;
  } catch (error) {
    const other = await readAuthority(stateDir);
    if (other === undefined) throw error;
    return other;
  } finally {
    await unlink(temporary);
  }
}
