import { createSecureContext, type SecureContext } from 'node:tls';
import type { CompiledTable } from '../../routes/compiled-table.ts';
import { type Certificate, defaultCertificateKey, type RouteTable } from '../../routes/route-table.ts';
import { tlsSettings } from './tls-settings.ts';

/** Contexts that are kept compiled; one costs about 50 KiB, and making one again a millisecond. */
const defaultMaxContexts = 2000;

interface CompiledCertificates {
  readonly certificates: readonly Certificate[];
  readonly context: SecureContext;
}

/**
 * The TLS contexts of the table's certificates, made at first use and kept by what they were made of, so that a table change swaps them
 * for new connections and leaves live ones alone. The least recently used goes when there are too many.
 */
export class CertificateContexts {
  readonly #compiled = new Map<string, CompiledCertificates>();
  readonly #ticketKeys: Buffer | undefined;
  readonly #maxContexts: number;

  /** @param ticketKeys 48 secret bytes that all workers share, so that a session resumes on any of them; undefined: each its own */
  constructor(ticketKeys: Buffer | undefined, maxContexts = defaultMaxContexts) {
    this.#ticketKeys = ticketKeys;
    this.#maxContexts = maxContexts;
  }

  get size(): number {
    return this.#compiled.size;
  }

  /**
   * The context for a server name (lower case; undefined: the hello had none): the host's certificates, else the default certificate.
   * Undefined: there is none to show. Never throws: a certificate that does not load counts as missing.
   */
  select(compiled: CompiledTable, serverName: string | undefined): SecureContext | undefined {
    const { table } = compiled;
    const tls = serverName === undefined ? undefined : compiled.findHost(serverName)?.tls;
    if (tls?.kind === 'terminate' && tls.certificates.length > 0) {
      const context = this.#contextOf(table, tls.certificates);
      if (context !== undefined) return context;
    }
    return this.#contextOf(table, [defaultCertificateKey]);
  }

  /** Lets go of what the table no longer holds. */
  retain(table: RouteTable): void {
    for (const [key, { certificates }] of this.#compiled) {
      if (certificates.every((certificate) => !table.certificates.has(certificate.key))) this.#compiled.delete(key);
    }
  }

  #contextOf(table: RouteTable, keys: readonly string[]): SecureContext | undefined {
    const id = keys.length === 1 ? (keys[0] as string) : keys.join('\n');
    const certificates = certificatesOf(table, keys);
    if (certificates.length === 0) return undefined;
    const known = this.#compiled.get(id);
    if (known !== undefined && isSame(known.certificates, certificates)) {
      this.#compiled.delete(id);
      this.#compiled.set(id, known);
      return known.context;
    }
    const made = this.#make(certificates);
    // A certificate that was broken by an edit: the one before it serves until it is mended.
    if (made === undefined) return known?.context;
    this.#store(id, { certificates, context: made });
    return made;
  }

  /** Both kinds of key in one context: OpenSSL shows the one that the client's signature algorithms ask for. */
  #make(certificates: readonly Certificate[]): SecureContext | undefined {
    const pairs = oneOfEachKind(certificates);
    return this.#tryMake(pairs) ?? pairs.map((pair) => this.#tryMake([pair])).find((context) => context !== undefined);
  }

  #tryMake(pairs: readonly Certificate[]): SecureContext | undefined {
    try {
      return createSecureContext({
        ...tlsSettings,
        cert: pairs.map((pair) => pair.chain),
        key: pairs.map((pair) => pair.privateKey.reveal()),
        ...(this.#ticketKeys === undefined ? {} : { ticketKeys: this.#ticketKeys }),
      });
    } catch {
      return undefined;
    }
  }

  #store(id: string, compiled: CompiledCertificates): void {
    this.#compiled.delete(id);
    this.#compiled.set(id, compiled);
    if (this.#compiled.size <= this.#maxContexts) return;
    const oldest = this.#compiled.keys().next();
    if (oldest.done !== true) this.#compiled.delete(oldest.value);
  }
}

function certificatesOf(table: RouteTable, keys: readonly string[]): readonly Certificate[] {
  const found: Certificate[] = [];
  for (const key of keys) {
    const certificate = table.certificates.get(key);
    if (certificate !== undefined) found.push(certificate);
  }
  return found;
}

function isSame(a: readonly Certificate[], b: readonly Certificate[]): boolean {
  return a.length === b.length && a.every((certificate, i) => certificate === b[i]);
}

/** The first of each key type: a context holds one pair a type, and a later one would replace the first. */
function oneOfEachKind(certificates: readonly Certificate[]): readonly Certificate[] {
  return certificates.filter((certificate, i) => certificates.findIndex((other) => other.keyType === certificate.keyType) === i);
}
