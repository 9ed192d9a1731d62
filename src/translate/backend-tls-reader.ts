import type { Certificate } from '../routes/route-table.ts';
import type { BackendTls, Service } from '../routes/service.ts';
import { isoTime } from './certificate-dates.ts';
import type { InstallationBackendTls } from './installation-guards.ts';
import { messageFor, type ProblemList } from './problem-list.ts';
import { readCaBundle } from './read-certificate.ts';
import { ofInstallation, type SecretName } from './route-settings.ts';
import type { CertificateContext } from './tls-certificates.ts';
import type { ObjectRef } from './translation.ts';

/** One setting of TLS to a backend, with where it is set. */
export interface TlsSetting {
  /** Text, or the name of a Secret. */
  readonly value: SecretName | undefined;
  /** How it is called in a sentence: `backend-tls-ca-secret`. */
  readonly label: string;
  readonly field: string;
  /** It is set to something that can't be read. */
  readonly isUnreadable: boolean;
  /** It is the installation's, and not said for these backends. */
  readonly isInherited?: boolean;
}

/** What an object, or a rule of it, wants of TLS to its backends. */
export interface BackendTlsWish {
  readonly ref: ObjectRef;
  /** The rule of a SmartRoute. */
  readonly rule: string | undefined;
  readonly serverName: TlsSetting & { readonly value: string | undefined };
  /** Names of Secrets. */
  readonly ca: TlsSetting;
  readonly clientCertificate: TlsSetting;
  /** How TLS is asked for: the middle of a sentence. */
  readonly howToGetTls: string;
}

/** How one object, or a rule of it, wants TLS to be spoken with its backends. */
export class BackendTlsReader {
  readonly settings: BackendTls;
  readonly #wish: BackendTlsWish;
  readonly #context: CertificateContext;
  #broken: string | undefined;
  #brokenOverTls: string | undefined;

  constructor(wish: BackendTlsWish, context: CertificateContext) {
    this.#wish = wish;
    this.#context = context;
    const { serverName, ca, clientCertificate } = wish;
    for (const setting of [ca, clientCertificate])
      if (setting.isUnreadable) this.#broken = `annotation ${setting.label} has a value that can't be read`;
    this.settings = {
      serverName: serverName.value,
      ca: this.#read(ca.value, 'ca', (name) => this.#readCa(name)),
      clientCertificate: this.#read(clientCertificate.value, 'clientCertificate', (name) => this.#readClientCertificate(name)),
    };
  }

  /** Why no backend may be spoken to: a CA or client certificate is asked for, and can't be had. undefined: all is there. */
  get broken(): string | undefined {
    return this.#broken;
  }

  /** Why this backend may not be spoken to, though others may: it is spoken to over TLS, for which what the installation asks for can't be had. */
  brokenFor({ tls }: Pick<Service, 'tls'>): string | undefined {
    return tls === undefined ? undefined : this.#brokenOverTls;
  }

  /** Settings for TLS do nothing when no backend is spoken to over it: say so, for somebody counts on them. @param used what routes go to */
  reportUnused(used: readonly Service[]): void {
    if (used.length === 0 || used.some(({ tls }) => tls !== undefined)) return;
    const { serverName, ca, clientCertificate, howToGetTls } = this.#wish;
    for (const setting of [serverName, ca, clientCertificate]) {
      if (setting.value === undefined || setting.isInherited === true) continue;
      const sentence = `${setting.label} has no effect on a backend without TLS; ${howToGetTls}, or remove it`;
      this.#report(this.#wish.ref.kind === 'Ingress' ? 'InvalidAnnotation' : 'NoEffect', setting, sentence);
    }
  }

  #read<K extends 'ca' | 'clientCertificate'>(
    name: SecretName | undefined,
    part: K,
    own: (name: string) => InstallationBackendTls[K],
  ): InstallationBackendTls[K] | undefined {
    if (name !== ofInstallation) return name === undefined ? undefined : own(name);
    const { backendTls } = this.#context.reads.guards();
    this.#brokenOverTls ??= backendTls.broken[part];
    return backendTls[part];
  }

  #readCa(name: string): string | undefined {
    const key = this.#keyOf(name);
    const secret = this.#context.reads.secret(key);
    if (secret === undefined) {
      this.#missing(this.#wish.ca, key, "the backend can't be verified", 'a ca.crt');
      return undefined;
    }
    const ca = readCaBundle(secret);
    if ('pem' in ca) return ca.pem;
    this.#unusable(this.#wish.ca, key, ca.why);
    return undefined;
  }

  #readClientCertificate(name: string): Certificate | undefined {
    const key = this.#keyOf(name);
    const secret = this.#context.reads.secret(key);
    if (secret === undefined) {
      this.#missing(this.#wish.clientCertificate, key, "the backend can't be shown a client certificate", 'tls.crt and tls.key');
      return undefined;
    }
    const read = this.#context.certificates.read(key, secret);
    if (read.kind === 'unusable') {
      this.#unusable(this.#wish.clientCertificate, key, read.why);
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
          this.#wish.clientCertificate,
          `the client certificate in Secret ${key} expired at ${isoTime(notAfterMs)}; ${shown}, renew it`,
        );
        break;
      case 'early':
        this.#report(
          'SecretInvalid',
          this.#wish.clientCertificate,
          `the client certificate in Secret ${key} is not valid before ${isoTime(notBeforeMs)}; ${shown}, check the clock that issued it`,
        );
        break;
      case 'valid':
        break;
    }
  }

  #keyOf(name: string): string {
    return `${this.#wish.ref.namespace}/${name}`;
  }

  #missing(setting: TlsSetting, key: string, consequence: string, content: string): void {
    this.#broken ??= `Secret ${key} (${setting.label}) does not exist`;
    this.#report('SecretNotFound', setting, `Secret ${key} does not exist, so ${consequence} and is not used; create it with ${content}`);
  }

  #unusable(setting: TlsSetting, key: string, why: string): void {
    this.#broken ??= `Secret ${key} (${setting.label}) ${why}`;
    this.#report('SecretInvalid', setting, `Secret ${key} ${why}; until then the backend is not used`);
  }

  #report(reason: Parameters<ProblemList['add']>[0], setting: TlsSetting, sentence: string): void {
    const { ref, rule } = this.#wish;
    this.#context.problems.add(reason, setting.field, messageFor(ref, setting.field, sentence), rule);
  }
}
