import { createSecureContext, type SecureContext } from 'node:tls';
import type { CompiledTable } from '../../routes/compiled-table.ts';
import { type Certificate, defaultCertificateKey, type RouteTable } from '../../routes/route-table.ts';
import { certificatesOf } from './host-certificates.ts';
import { tlsSettings } from './tls-settings.ts';

/** Contexts that are kept compiled; one costs about 50 KiB, and making one again 0.15 ms. */
const defaultMaxContexts = 2000;

export interface CertificateContextsOptions {
  /** 48 secret bytes that all workers share, so that a session resumes on any of them; undefined: each context its own. */
  readonly ticketKeys?: Buffer | undefined;
  /** Show the default certificate only to hosts that the table knows to have TLS. Default: to anybody. */
  readonly refuseUnknownNames?: boolean;
  readonly maxContexts?: number;
}

/** What a handshake is made with. */
export interface SelectedContext {
  readonly context: SecureContext;
  /** What the context can show: one, or one of each key type. */
  readonly certificates: readonly Certificate[];
}

/** What is kept of one list of certificates. */
interface Entry {
  /** What the table had when we last looked, good or not: tried once. */
  readonly tried: readonly Certificate[];
  /** What the context is made of: `tried`, or what was there before it broke. Empty: nothing good was ever there. */
  readonly good: readonly Certificate[];
  /** undefined: to be made again from `good`. */
  context: SecureContext | undefined;
}

/**
 * The TLS contexts of the table's certificates, made at first use and kept by what they were made of, so that a table change swaps them
 * for new connections and leaves live ones alone. The least recently used goes when there are too many. Server names that nobody has
 * heard of share the default certificate's context: no client can make the cache grow.
 */
export class CertificateContexts {
  readonly #entries = new Map<string, Entry>();
  readonly #refuseUnknownNames: boolean;
  readonly #maxContexts: number;
  #ticketKeys: Buffer | undefined;
  #made = 0;

  constructor({ ticketKeys, refuseUnknownNames = false, maxContexts = defaultMaxContexts }: CertificateContextsOptions) {
    this.#ticketKeys = ticketKeys;
    this.#refuseUnknownNames = refuseUnknownNames;
    this.#maxContexts = maxContexts;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** How often OpenSSL was asked to read certificates, ever. */
  get made(): number {
    return this.#made;
  }

  /**
   * The context for a server name (lower case; undefined: the hello had none): the host's certificates, else the default certificate.
   * Undefined: there is none to show. Never throws: a certificate that does not load counts as missing.
   */
  select(compiled: CompiledTable, serverName: string | undefined): SelectedContext | undefined {
    const { table } = compiled;
    const tls = serverName === undefined ? undefined : compiled.findHost(serverName)?.tls;
    if (tls?.kind === 'terminate' && tls.certificates.length > 0) {
      const selected = this.#contextOf(table, tls.certificates);
      if (selected !== undefined) return selected;
    }
    if (tls === undefined && this.#refuseUnknownNames) return undefined;
    return this.#contextOf(table, [defaultCertificateKey]);
  }

  /**
   * From now on tickets are made and read with `keys`, and those that were made before lead to full handshakes. Nothing is compiled here:
   * each context is made again when it is next used, and until then nothing holds the old keys but the connections that began with them.
   */
  setTicketKeys(keys: Buffer): void {
    this.#ticketKeys = keys;
    for (const entry of this.#entries.values()) entry.context = undefined;
  }

  /** Lets go of what the table no longer holds. */
  retain(table: RouteTable): void {
    for (const [id, { tried }] of this.#entries) {
      if (tried.every((certificate) => !table.certificates.has(certificate.key))) this.#entries.delete(id);
    }
  }

  #contextOf(table: RouteTable, keys: readonly string[]): SelectedContext | undefined {
    const certificates = certificatesOf(table, keys);
    if (certificates.length === 0) return undefined;
    const id = keys.length === 1 ? (keys[0] as string) : keys.join('\n');
    const known = this.#entries.get(id);
    const entry = known !== undefined && isSame(known.tried, certificates) ? known : this.#tryNew(certificates, known);
    this.#keep(id, entry);
    if (entry.good.length === 0) return undefined;
    entry.context ??= this.#make(entry.good);
    return entry.context === undefined ? undefined : { context: entry.context, certificates: entry.good };
  }

  /** A certificate that was broken by an edit: the one before it serves until it is mended, and the broken one is not read again. */
  #tryNew(certificates: readonly Certificate[], known: Entry | undefined): Entry {
    const context = this.#make(certificates);
    if (context !== undefined) return { tried: certificates, good: certificates, context };
    return { tried: certificates, good: known?.good ?? [], context: known?.context };
  }

  /** Both kinds of key in one context: OpenSSL shows the one that the client's signature algorithms ask for. */
  #make(certificates: readonly Certificate[]): SecureContext | undefined {
    const pairs = oneOfEachKind(certificates);
    const all = this.#tryMake(pairs);
    if (all !== undefined || pairs.length === 1) return all;
    return pairs.map((pair) => this.#tryMake([pair])).find((context) => context !== undefined);
  }

  #tryMake(pairs: readonly Certificate[]): SecureContext | undefined {
    this.#made++;
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

  /** Marks an entry as the most recently used. */
  #keep(id: string, entry: Entry): void {
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    if (this.#entries.size <= this.#maxContexts) return;
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }
}

function isSame(a: readonly Certificate[], b: readonly Certificate[]): boolean {
  return a.length === b.length && a.every((certificate, i) => certificate === b[i]);
}

/** The first of each key type: a context holds one pair a type, and a later one would replace the first. */
function oneOfEachKind(certificates: readonly Certificate[]): readonly Certificate[] {
  return certificates.filter((certificate, i) => certificates.findIndex((other) => other.keyType === certificate.keyType) === i);
}
