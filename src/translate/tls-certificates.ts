import { anyHost, type Certificate } from '../routes/route-table.ts';
import { type CertificateDates, isoTime } from './certificate-dates.ts';
import { type CertificateReader, certificateCovers } from './certificate-reader.ts';
import type { TlsClaim } from './host-claim.ts';
import { messageFor, type ProblemList, quote } from './problem-list.ts';
import type { TrackedReads } from './tracked-reads.ts';
import type { ObjectRef } from './translation.ts';

/** A Secret with a certificate that an object names, and the hosts that it is for. */
export interface TlsEntry {
  readonly field: string;
  readonly hostsField: string;
  readonly secretField: string;
  /** Valid host keys; empty: the certificate's names say which hosts. */
  readonly hosts: readonly string[];
  /** `namespace/name`. */
  readonly secret: string | undefined;
}

/** An object that brings certificates. */
interface CertificateOwner {
  readonly ref: ObjectRef;
  readonly tls: readonly TlsEntry[];
}

/** What reading needs besides the object. */
export interface CertificateContext {
  readonly reads: TrackedReads;
  readonly certificates: CertificateReader;
  readonly dates: CertificateDates;
  readonly problems: ProblemList;
}

/** The certificates that one object brings, and which of its hosts each is for. */
export class TlsCertificates {
  /** Those that can be served, in the order written. */
  readonly usable: readonly Certificate[];
  readonly #owner: CertificateOwner;
  readonly #problems: ProblemList;
  readonly #dates: CertificateDates;
  /** By entry of `spec.tls`; absent when it names no Secret or one that can't be used. */
  readonly #byEntry = new Map<TlsEntry, Certificate>();
  readonly #entriesByHost: ReadonlyMap<string, readonly TlsEntry[]>;

  constructor(owner: CertificateOwner, { certificates, reads, problems, dates }: CertificateContext) {
    this.#owner = owner;
    this.#problems = problems;
    this.#dates = dates;
    for (const entry of owner.tls) {
      const certificate = entry.secret === undefined ? undefined : this.#read(entry, entry.secret, certificates, reads);
      if (certificate !== undefined) this.#byEntry.set(entry, certificate);
    }
    this.#entriesByHost = entriesByHost(owner.tls);
    this.usable = [...new Set(this.#byEntry.values())];
  }

  /** What the object wants of TLS for one of its hosts; undefined: plain HTTP. */
  claim(host: string): TlsClaim | undefined {
    if (host === anyHost) return undefined;
    const named = tlsHostsOf(host).flatMap((tlsHost) => this.#entriesByHost.get(tlsHost) ?? []);
    const first = named[0];
    if (first !== undefined) {
      const certificates = named.flatMap((entry) => this.#fitting(entry, host) ?? []);
      return { kind: 'terminate', certificates, byName: named.every((entry) => entry.secret === undefined), field: first.field };
    }
    return this.#claimByName(host);
  }

  /** A host of `spec.tls` that no rule names does nothing: say so, for it is mostly a typing mistake. */
  reportUnused(claimed: readonly string[]): void {
    const spoken = new Set(claimed.flatMap(tlsHostsOf));
    for (const entry of this.#owner.tls) {
      for (const tlsHost of entry.hosts) {
        if (spoken.has(tlsHost)) continue;
        this.#report(
          'InvalidHost',
          entry.hostsField,
          `no rule has the host ${quote(tlsHost)}, so nothing is served for it; add a rule or correct the host`,
        );
      }
    }
  }

  /** Entries without hosts are for every host that their certificate covers; so are all others for hosts that no entry names. */
  #claimByName(host: string): TlsClaim | undefined {
    const fitting = [...this.#byEntry].filter(([, certificate]) => certificateCovers(certificate, host));
    const open = this.#owner.tls.find((entry) => entry.hosts.length === 0);
    const field = fitting[0]?.[0].field ?? open?.field;
    if (field === undefined) return undefined;
    if (fitting.length === 0 && open !== undefined && this.#byEntry.has(open)) {
      this.#mismatch(open, host);
      return undefined;
    }
    return {
      kind: 'terminate',
      certificates: fitting.map(([, certificate]) => certificate),
      byName: fitting.length === 0 && open?.secret === undefined,
      field,
    };
  }

  #fitting(entry: TlsEntry, host: string): Certificate | undefined {
    const certificate = this.#byEntry.get(entry);
    if (certificate === undefined || certificateCovers(certificate, host)) return certificate;
    this.#mismatch(entry, host);
    return undefined;
  }

  #mismatch(entry: TlsEntry, host: string): void {
    const names = this.#byEntry.get(entry)?.names ?? [];
    const shown =
      names.length === 0
        ? 'no DNS name'
        : names.slice(0, 5).map(quote).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
    const sentence = `the certificate in Secret ${entry.secret} is for ${shown}, not for host ${quote(host)}, which gets the default certificate; issue it for the host`;
    this.#report('CertificateHostMismatch', entry.secretField, sentence);
  }

  #read(entry: TlsEntry, key: string, reader: CertificateReader, reads: TrackedReads): Certificate | undefined {
    const field = entry.secretField;
    const secret = reads.secret(key);
    if (secret === undefined) {
      this.#report(
        'SecretNotFound',
        field,
        `Secret ${key} does not exist; create it or correct the name. Its hosts get the default certificate`,
      );
      return undefined;
    }
    const reading = reader.read(key, secret);
    if (reading.kind === 'unusable') {
      this.#report('SecretInvalid', field, `Secret ${key} ${reading.why}. Its hosts keep the certificate they had, or get the default one`);
      return undefined;
    }
    this.#checkDates(field, key, reading.notBeforeMs, reading.certificate.notAfterMs);
    return reading.certificate;
  }

  #checkDates(field: string, key: string, notBeforeMs: number, notAfterMs: number): void {
    const validity = this.#dates.judge(notBeforeMs, notAfterMs);
    if (validity === 'expired') {
      this.#report(
        'CertificateExpired',
        field,
        `the certificate in Secret ${key} expired at ${isoTime(notAfterMs)}; it is served all the same, renew it`,
      );
    } else if (validity === 'early') {
      this.#report(
        'SecretInvalid',
        field,
        `the certificate in Secret ${key} is not valid before ${isoTime(notBeforeMs)}; it is served all the same, check the clock that issued it`,
      );
    }
  }

  #report(reason: Parameters<ProblemList['add']>[0], field: string, sentence: string): void {
    this.#problems.add(reason, field, messageFor(this.#owner.ref, field, sentence));
  }
}

/** The entries of `spec.tls[].hosts` that speak of a rule's host: the same, then the wildcard above it. */
export function tlsHostsOf(host: string): readonly string[] {
  const dot = host.indexOf('.');
  return host.startsWith('*') || dot === -1 ? [host] : [host, `*${host.slice(dot)}`];
}

function entriesByHost(tls: readonly TlsEntry[]): ReadonlyMap<string, readonly TlsEntry[]> {
  const byHost = new Map<string, TlsEntry[]>();
  for (const entry of tls) {
    for (const host of entry.hosts) {
      const entries = byHost.get(host);
      if (entries === undefined) byHost.set(host, [entry]);
      else entries.push(entry);
    }
  }
  return byHost;
}
