import type { Certificate } from '../routes/route-table.ts';
import { defaultCertificateKey } from '../routes/route-table.ts';
import { authorityCertificatePath, openAuthority } from './authority-file.ts';
import { type Authority, issueAuthority, issueLeaf, renewalTime } from './issue.ts';

/** The name in the certificate for connections whose server name has none. */
const defaultHost = 'localhost';

/**
 * A certificate authority of our own, for TLS hosts without a certificate. The authority is kept in the state folder, so that it
 * can be trusted once; leaves live in memory and are made anew by each process.
 */
export class LocalCa {
  /** Where its certificate can be read; undefined: nowhere, it ends with the process. */
  readonly certificatePath: string | undefined;
  readonly #authority: Authority;
  readonly #now: () => number;
  /** By certificate key; exactly those that were asked for last. */
  #leaves = new Map<string, Certificate>();

  private constructor(authority: Authority, certificatePath: string | undefined, now: () => number) {
    this.certificatePath = certificatePath;
    this.#authority = authority;
    this.#now = now;
  }

  /** With the authority of `stateDir`; throws STATE_UNUSABLE. */
  static async open(stateDir: string, now: () => number = Date.now): Promise<LocalCa> {
    return new LocalCa(await openAuthority(stateDir, now()), authorityCertificatePath(stateDir), now);
  }

  /** With an authority that ends with the process. */
  static async inMemory(now: () => number = Date.now): Promise<LocalCa> {
    return new LocalCa(await issueAuthority(now()), undefined, now);
  }

  /** The authority's certificate, PEM. */
  get authorityCertificate(): string {
    return this.#authority.certificate;
  }

  /**
   * A certificate for each host, key `local-ca/<host>`, and the default one. A certificate is the same object until it is due for
   * renewal; those of hosts that are not asked for any more are forgotten.
   */
  async certificatesFor(hosts: readonly string[]): Promise<readonly Certificate[]> {
    const leaves = new Map<string, Certificate>();
    leaves.set(defaultCertificateKey, await this.#leaf(defaultCertificateKey, defaultHost));
    for (const host of hosts) leaves.set(`local-ca/${host}`, await this.#leaf(`local-ca/${host}`, host));
    this.#leaves = leaves;
    return [...leaves.values()];
  }

  async #leaf(key: string, host: string): Promise<Certificate> {
    const present = this.#leaves.get(key);
    const nowMs = this.#now();
    return present !== undefined && nowMs < renewalTime(present) ? present : issueLeaf(this.#authority, key, host, nowMs);
  }
}
