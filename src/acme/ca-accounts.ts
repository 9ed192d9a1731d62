import { createHash, createPrivateKey } from 'node:crypto';
import type { Secret } from '../api/objects.ts';
import { Redacted } from '../redacted.ts';
import type { AcmeIssuer } from '../translate/acme-certificate.ts';
import { managedByLabel } from '../translate/acme-ownership.ts';
import { secretText } from '../translate/read-certificate.ts';
import { fieldsOf, jsonOf, textOf } from '../translate/unknown-input.ts';
import { type AcmeSecrets, nameOfKey, writeSecret } from './acme-secrets.ts';
import type { Ca } from './ca.ts';
import { makeKey } from './certificate-request.ts';

/** An account at a CA: its key, and its URL once it is made. */
export interface CaAccount {
  /** `namespace/name` of the Secret that it is kept in. */
  readonly secret: string;
  readonly key: Redacted;
  readonly url: string | undefined;
}

/** A CA that an account can be made at. */
export interface RegisteringCa extends Ca {
  /** Makes the account, or finds the one that its key has, and tells the CA how to write to it; gives its URL. */
  register(): Promise<string>;
}

export type ConnectCa = (issuer: AcmeIssuer, account: CaAccount) => Promise<RegisteringCa>;

/** What is kept beside the key. */
interface KeptAccount {
  readonly url: string | undefined;
  readonly email: string | undefined;
}

const accountType = 'smartproxy.dev/acme-account';

/**
 * The accounts at CAs, one an issuer, each in a Secret of its own. Its key is kept before the CA hears of it and is never replaced: the
 * same key finds the same account again, whatever was lost.
 */
export class CaAccounts {
  readonly #secrets: AcmeSecrets;
  readonly #namespace: string;
  readonly #connect: ConnectCa;
  readonly #open = new Map<string, { readonly issuer: AcmeIssuer; readonly ca: Promise<Ca> }>();

  /** @param namespace of the Secrets */
  constructor(secrets: AcmeSecrets, namespace: string, connect: ConnectCa) {
    this.#secrets = secrets;
    this.#namespace = namespace;
    this.#connect = connect;
  }

  /** The CA of an issuer, with its account; asked for at once by many, it is opened once. */
  open(issuer: AcmeIssuer): Promise<Ca> {
    const key = accountKey(this.#namespace, issuer);
    const known = this.#open.get(key);
    if (known?.issuer === issuer) return known.ca;
    const ca = this.#connected(key, issuer);
    this.#open.set(key, { issuer, ca });
    ca.catch(() => this.#open.delete(key));
    return ca;
  }

  /** Reads the account anew the next time: somebody may have put another one in its place. */
  reopen(issuer: AcmeIssuer): void {
    this.#open.delete(accountKey(this.#namespace, issuer));
  }

  /** Makes the account anew the next time, with its key: the CA does not know it any more. */
  async forget(issuer: AcmeIssuer): Promise<void> {
    const key = accountKey(this.#namespace, issuer);
    this.#open.delete(key);
    const secret = await this.#secrets.read(key);
    const account = secret && readAccount(secret);
    if (secret !== undefined && account !== undefined) await this.#keep(secret, account.key, { url: undefined, email: undefined });
  }

  async #connected(key: string, issuer: AcmeIssuer): Promise<Ca> {
    const secret = (await this.#secrets.read(key)) ?? (await this.#create(key));
    const account = readAccount(secret);
    if (account === undefined) throw new Error(`Secret ${key} holds no account key; delete it, and another account is made`);
    const { url, email } = account.kept;
    const ca = await this.#connect(issuer, { secret: key, key: account.key, url });
    if (url !== undefined && email === issuer.email) return ca;
    await this.#keep(secret, account.key, { url: await ca.register(), email: issuer.email });
    return ca;
  }

  async #create(key: string): Promise<Secret> {
    const metadata = { ...nameOfKey(key), labels: managedByLabel };
    const accountKeyText = await makeKey('ECDSA');
    return this.#keep({ kind: 'Secret', metadata }, accountKeyText, { url: undefined, email: undefined });
  }

  async #keep({ metadata }: Secret, key: Redacted, kept: KeptAccount): Promise<Secret> {
    const data = { 'account.key': encoded(key.reveal()), 'account.json': encoded(JSON.stringify(kept)) };
    return writeSecret(this.#secrets, { kind: 'Secret', type: accountType, metadata, data });
  }
}

/** Another directory is another account: one that was made at staging is not asked for in production. */
function accountKey(namespace: string, { name, directory }: AcmeIssuer): string {
  return `${namespace}/smartproxy-acme-account-${name}-${createHash('sha256').update(directory).digest('hex').slice(0, 8)}`;
}

function readAccount(secret: Secret): { readonly key: Redacted; readonly kept: KeptAccount } | undefined {
  const key = secretText(secret, 'account.key');
  if (key === undefined || !isPrivateKey(key)) return undefined;
  return { key: new Redacted(key), kept: readKept(secretText(secret, 'account.json')) };
}

function isPrivateKey(text: string): boolean {
  try {
    createPrivateKey(text);
    return true;
  } catch {
    return false;
  }
}

/** Without it the CA is asked by the key which account that is. */
function readKept(text = ''): KeptAccount {
  const { url, email } = fieldsOf(jsonOf(text));
  return { url: textOf(url), email: textOf(email) };
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}
