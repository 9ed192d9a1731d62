import { annotationPrefix } from '../api/annotations.ts';
import type { BackendTls, Certificate, Service } from '../routes/route-table.ts';
import { type CertificateDates, isoTime } from './certificate-dates.ts';
import type { CertificateReader } from './certificate-reader.ts';
import type { IngressReading } from './ingress-reading.ts';
import { messageFor, type ProblemList } from './problem-list.ts';
import { readCaBundle } from './read-certificate.ts';
import type { TrackedReads } from './tracked-reads.ts';

/** What reading needs besides the Ingress. */
export interface BackendTlsContext {
  readonly reads: TrackedReads;
  readonly certificates: CertificateReader;
  readonly dates: CertificateDates;
  readonly problems: ProblemList;
}

/** The annotations that have a meaning for backends over TLS alone, by their field. */
const tlsOnly = {
  backendTlsServerName: 'backend-tls-server-name',
  backendTlsCaSecret: 'backend-tls-ca-secret',
  backendTlsClientSecret: 'backend-tls-client-secret',
} as const;
type TlsOnly = (typeof tlsOnly)[keyof typeof tlsOnly];

/** How one Ingress wants TLS to be spoken with its backends. */
export class IngressBackendTls {
  readonly settings: BackendTls;
  readonly #reading: IngressReading;
  readonly #context: BackendTlsContext;
  #broken: string | undefined;

  constructor(reading: IngressReading, context: BackendTlsContext) {
    this.#reading = reading;
    this.#context = context;
    for (const field of ['backendTlsCaSecret', 'backendTlsClientSecret'] as const)
      if (reading.unsafeAnnotations.has(field)) this.#broken = `annotation ${tlsOnly[field]} has a value that can't be read`;
    const { backendTlsServerName, backendTlsCaSecret, backendTlsClientSecret } = reading.annotations;
    this.settings = {
      serverName: backendTlsServerName,
      ca: backendTlsCaSecret === undefined ? undefined : this.#readCa(backendTlsCaSecret),
      clientCertificate: backendTlsClientSecret === undefined ? undefined : this.#readClientCertificate(backendTlsClientSecret),
    };
  }

  /** Why no backend may be spoken to: a CA or client certificate is asked for, and can't be had. undefined: all is there. */
  get broken(): string | undefined {
    return this.#broken;
  }

  /** Settings for TLS do nothing when no backend is spoken to over it: say so, for somebody counts on them. @param used what routes go to */
  reportUnused(used: readonly Service[]): void {
    if (used.length === 0 || used.some(({ tls }) => tls !== undefined)) return;
    for (const [field, name] of Object.entries(tlsOnly)) {
      if (this.#reading.annotations[field as keyof typeof tlsOnly] === undefined) continue;
      const sentence = `${name} has no effect on a backend without TLS; set ${annotationPrefix}backend-protocol to "https" or "h2", or remove it`;
      this.#report('InvalidAnnotation', name, sentence);
    }
  }

  #readCa(name: string): string | undefined {
    const key = this.#keyOf(name);
    const secret = this.#context.reads.secret(key);
    if (secret === undefined) {
      this.#missing('backend-tls-ca-secret', key, "the backend can't be verified", 'a ca.crt');
      return undefined;
    }
    const ca = readCaBundle(secret);
    if ('pem' in ca) return ca.pem;
    this.#unusable('backend-tls-ca-secret', key, ca.why);
    return undefined;
  }

  #readClientCertificate(name: string): Certificate | undefined {
    const key = this.#keyOf(name);
    const secret = this.#context.reads.secret(key);
    if (secret === undefined) {
      this.#missing('backend-tls-client-secret', key, "the backend can't be shown a client certificate", 'tls.crt and tls.key');
      return undefined;
    }
    const read = this.#context.certificates.read(key, secret);
    if (read.kind === 'unusable') {
      this.#unusable('backend-tls-client-secret', key, read.why);
      return undefined;
    }
    this.#checkDates(key, read.notBeforeMs, read.certificate.notAfterMs);
    return read.certificate;
  }

  /** The backend judges the time by its own clock: out of it, the certificate is still shown. */
  #checkDates(key: string, notBeforeMs: number, notAfterMs: number): void {
    const shown = 'it is shown to the backend all the same';
    switch (this.#context.dates.judge(notBeforeMs, notAfterMs)) {
      case 'expired':
        this.#report(
          'CertificateExpired',
          'backend-tls-client-secret',
          `the client certificate in Secret ${key} expired at ${isoTime(notAfterMs)}; ${shown}, renew it`,
        );
        break;
      case 'early':
        this.#report(
          'SecretInvalid',
          'backend-tls-client-secret',
          `the client certificate in Secret ${key} is not valid before ${isoTime(notBeforeMs)}; ${shown}, check the clock that issued it`,
        );
        break;
      case 'valid':
        break;
    }
  }

  #keyOf(name: string): string {
    return `${this.#reading.ref.namespace}/${name}`;
  }

  #missing(annotation: TlsOnly, key: string, consequence: string, content: string): void {
    this.#broken ??= `Secret ${key} (${annotation}) does not exist`;
    this.#report(
      'SecretNotFound',
      annotation,
      `Secret ${key} does not exist, so ${consequence} and is not used; create it with ${content}`,
    );
  }

  #unusable(annotation: TlsOnly, key: string, why: string): void {
    this.#broken ??= `Secret ${key} (${annotation}) ${why}`;
    this.#report('SecretInvalid', annotation, `Secret ${key} ${why}; until then the backend is not used`);
  }

  #report(reason: Parameters<ProblemList['add']>[0], annotation: TlsOnly, sentence: string): void {
    const field = `metadata.annotations[${annotationPrefix}${annotation}]`;
    this.#context.problems.add(reason, field, messageFor(this.#reading.ref, field, sentence));
  }
}
