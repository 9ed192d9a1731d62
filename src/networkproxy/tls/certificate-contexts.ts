import { createSecureContext, type SecureContext } from 'node:tls';
import type { CompiledTable } from '../../routes/compiled-table.ts';
import { type Certificate, defaultCertificateKey, type RouteTable, type TlsPolicy, type TlsVersion } from '../../routes/route-table.ts';
import { certificatesOf } from './host-certificates.ts';
import { TicketRing } from './ticket-ring.ts';
import { commonTlsSettings, tlsSettingsOf } from './tls-settings.ts';

/** Contexts that are kept compiled; one costs about 35 KiB, and making one again half a millisecond (bench: certificates). */
const defaultMaxContexts = 2000;

export interface CertificateContextsOptions {
  /** Keys that all workers share, 48 secret bytes each, so that a session resumes on any of them; undefined: one of our own. */
  readonly ticketKeys?: Uint8Array | undefined;
  /** Show the default certificate only to hosts that the table knows to have TLS. Default: to anybody. */
  readonly refuseUnknownNames?: boolean;
  readonly maxContexts?: number;
  /** OpenSSL is asked to read certificates. */
  readonly onMake?: () => void;
}

/** What a handshake is made with. */
export interface SelectedContext {
  readonly context: SecureContext;
  /** What the context can show: one, or one of each key type. */
  readonly certificates: readonly Certificate[];
  /** Of the host; undefined: as everywhere. */
  readonly policy: TlsPolicy | undefined;
  /** The one protocol that is negotiated, after whose handshake the connection ends; undefined: those of the policy. */
  readonly onlyProtocol?: string | undefined;
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
  readonly #tickets: TicketRing;
  #minVersion: TlsVersion = 'TLSv1.2';
  readonly #onMake: () => void;

  constructor({ ticketKeys, refuseUnknownNames = false, maxContexts = defaultMaxContexts, onMake = () => {} }: CertificateContextsOptions) {
    this.#tickets = new TicketRing(ticketKeys);
    this.#refuseUnknownNames = refuseUnknownNames;
    this.#maxContexts = maxContexts;
    this.#onMake = onMake;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * The context for a server name (lower case; undefined: the hello had none): the host's certificates, else the default certificate.
   * Undefined: there is none to show. Never throws: a certificate that does not load counts as missing.
   */
  select(compiled: CompiledTable, serverName: string | undefined): SelectedContext | undefined {
    const { table } = compiled;
    const tls = serverName === undefined ? undefined : compiled.findHost(serverName)?.tls;
    const policy = tls?.kind === 'terminate' ? tls.policy : undefined;
    if (tls?.kind === 'terminate' && tls.certificates.length > 0) {
      const selected = this.#contextOf(table, tls.certificates, policy);
      if (selected !== undefined) return selected;
    }
    if (tls === undefined && this.#refuseUnknownNames) return undefined;
    return this.#contextOf(table, [defaultCertificateKey], policy);
  }

  /** From now on tickets are made with the first of `keys` and read with all of them. Contexts stay as they are. */
  setTicketKeys(keys: Uint8Array): void {
    this.#tickets.set(keys);
  }

  /** From now on hosts without a policy are spoken to by this version or a newer one. Each context is made again when it is next used. */
  setMinVersion(minVersion: TlsVersion): void {
    if (minVersion === this.#minVersion) return;
    this.#minVersion = minVersion;
    for (const entry of this.#entries.values()) {
      release(entry.context);
      entry.context = undefined;
    }
  }

  /** Lets go of what the table no longer holds. */
  retain(table: RouteTable): void {
    for (const [id, { tried, context }] of this.#entries) {
      if (tried.some((certificate) => table.certificates.has(certificate.key))) continue;
      this.#entries.delete(id);
      release(context);
    }
  }

  #contextOf(table: RouteTable, keys: readonly string[], policy: TlsPolicy | undefined): SelectedContext | undefined {
    const certificates = certificatesOf(table, keys);
    if (certificates.length === 0) return undefined;
    const names = keys.length === 1 ? (keys[0] as string) : keys.join('\n');
    const id = policy === undefined ? names : `${names}\n\n${policy.key}`;
    const known = this.#entries.get(id);
    const entry = known !== undefined && isSame(known.tried, certificates) ? known : this.#tryNew(certificates, policy, known);
    this.#keep(id, entry);
    if (entry.good.length === 0) return undefined;
    entry.context ??= this.#make(entry.good, policy);
    return entry.context === undefined ? undefined : { context: entry.context, certificates: entry.good, policy };
  }

  /** A certificate that was broken by an edit: the one before it serves until it is mended, and the broken one is not read again. */
  #tryNew(certificates: readonly Certificate[], policy: TlsPolicy | undefined, known: Entry | undefined): Entry {
    const context = this.#make(certificates, policy);
    if (context !== undefined) {
      release(known?.context);
      return { tried: certificates, good: certificates, context };
    }
    return { tried: certificates, good: known?.good ?? [], context: known?.context };
  }

  /** Both kinds of key in one context: OpenSSL shows the one that the client's signature algorithms ask for. */
  #make(certificates: readonly Certificate[], policy: TlsPolicy | undefined): SecureContext | undefined {
    const pairs = oneOfEachKind(certificates);
    const all = this.#tryMake(pairs, policy);
    if (all !== undefined || pairs.length === 1) return all;
    return pairs.map((pair) => this.#tryMake([pair], policy)).find((context) => context !== undefined);
  }

  #tryMake(pairs: readonly Certificate[], policy: TlsPolicy | undefined): SecureContext | undefined {
    this.#onMake();
    try {
      const context = createSecureContext({
        ...(policy === undefined ? commonTlsSettings(this.#minVersion) : tlsSettingsOf(policy)),
        cert: pairs.map((pair) => pair.chain),
        key: pairs.map((pair) => pair.privateKey.reveal()),
      });
      if (policy?.clientAuth === undefined) this.#tickets.attach(context);
      return context;
    } catch {
      return undefined;
    }
  }

  /** Marks an entry as the most recently used. */
  #keep(id: string, entry: Entry): void {
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    if (this.#entries.size <= this.#maxContexts) return;
    for (const [oldest, { context }] of this.#entries) {
      this.#entries.delete(oldest);
      release(context);
      return;
    }
  }
}

/**
 * Frees what OpenSSL has of a context. Connections that were made with it keep what they need. V8 would do so, too, but knows nothing of
 * its 35 KiB and takes its time: a worker with more certificates than it keeps grew by half in the meantime.
 */
function release(context: SecureContext | undefined): void {
  (context?.context as { close?(): void } | undefined)?.close?.();
}

function isSame(a: readonly Certificate[], b: readonly Certificate[]): boolean {
  return a.length === b.length && a.every((certificate, i) => certificate === b[i]);
}

/** The first of each key type: a context holds one pair a type, and a later one would replace the first. */
function oneOfEachKind(certificates: readonly Certificate[]): readonly Certificate[] {
  return certificates.filter((certificate, i) => certificates.findIndex((other) => other.keyType === certificate.keyType) === i);
}
