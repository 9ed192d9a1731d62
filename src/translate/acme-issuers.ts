import { isIP } from 'node:net';
import type { SmartProxyConfigIssuer } from '../api/generated/smart-proxy-config.ts';
import type { Secret } from '../api/objects.ts';
import { Redacted } from '../redacted.ts';
import type { AcmeIssuer } from './acme-certificate.ts';
import type { AcmeDns } from './acme-dns.ts';
import type { ChallengeType } from './acme-state.ts';
import { messageFor, quote } from './problem-list.ts';
import { type IssuerSecrets, readAcmeDns } from './read-acme-dns.ts';
import { readCaBundle, secretText } from './read-certificate.ts';
import type { SmartProxyConfigReading } from './smart-proxy-config-reading.ts';
import type { Problem, ProblemReason } from './translation.ts';

/** An issuer, or why it can't be used, as the end of a sentence. */
export type IssuerReading = { readonly issuer: AcmeIssuer } | { readonly why: string };

export interface ReadIssuers {
  readonly byName: ReadonlyMap<string, IssuerReading>;
  /** Name of the issuer for who asks for none; undefined: nothing is ordered for them. */
  readonly byDefault: string | undefined;
  /** Of the SmartProxyConfig. */
  readonly problems: readonly Problem[];
  /** Keys of the Secrets that issuers name. */
  readonly secrets: readonly string[];
}

const none: ReadIssuers = { byName: new Map(), byDefault: undefined, problems: [], secrets: [] };

export interface AcmeIssuersOptions {
  /** Whether certificates are ordered at all. */
  readonly isOn: boolean;
  /** As in TranslateOptions. */
  readonly garbageCollection: boolean;
}

/** The issuers of the SmartProxyConfig. What they are made of is looked up again only when it changed. */
export class AcmeIssuers {
  readonly #options: AcmeIssuersOptions;
  #config: SmartProxyConfigReading | undefined;
  #hasHttp = false;
  #read: readonly (Secret | undefined)[] = [];
  #result = none;

  constructor(options: AcmeIssuersOptions) {
    this.#options = options;
  }

  /** @param hasHttp whether there is a listener of plain HTTP */
  read(config: SmartProxyConfigReading | undefined, secrets: ReadonlyMap<string, Secret>, hasHttp: boolean): ReadIssuers {
    const { issuers, defaultIssuer } = config?.spec?.acme ?? {};
    if (config === undefined || issuers === undefined) return none;
    const isKnown = config === this.#config && hasHttp === this.#hasHttp;
    const isSame = isKnown && this.#result.secrets.every((key, index) => secrets.get(key) === this.#read[index]);
    if (isSame) return this.#result;
    this.#config = config;
    this.#hasHttp = hasHttp;
    const reader = new IssuerReader({ ...this.#options, config, secrets, hasHttp });
    this.#result = reader.read(issuers, this.#options.isOn ? defaultIssuer : undefined);
    this.#read = this.#result.secrets.map((key) => secrets.get(key));
    return this.#result;
  }
}

/** `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1`, `[2001:db8::1]:53`. */
function isResolver(text: string): boolean {
  const [, bracketed, plain = text, port = '53'] = /^(?:\[(.+)\]|([0-9.]+))(?::(\d+))?$/.exec(text) ?? [];
  return isIP(bracketed ?? plain) !== 0 && Number(port) > 0 && Number(port) <= 65_535;
}

interface ReaderOptions extends AcmeIssuersOptions {
  readonly config: SmartProxyConfigReading;
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly hasHttp: boolean;
}

class IssuerReader implements IssuerSecrets {
  readonly #options: ReaderOptions;
  readonly #problems: Problem[] = [];
  readonly #asked = new Set<string>();

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  read(issuers: readonly SmartProxyConfigIssuer[], byDefault: string | undefined): ReadIssuers {
    if (!this.#options.isOn && issuers.length > 0)
      this.#report('NoEffect', 'spec.acme', 'this controller orders no certificates; start it with --acme, or remove the issuers');
    const byName = new Map(issuers.map((issuer, index) => [issuer.name, this.#issuer(issuer, `spec.acme.issuers[${index}]`)]));
    return { byName, byDefault, problems: this.#problems, secrets: [...this.#asked] };
  }

  #issuer(spec: SmartProxyConfigIssuer, field: string): IssuerReading {
    if (!this.#options.isOn) return { why: 'is not used, for this controller orders no certificates (--acme)' };
    const { name, directory, caRef, email, externalAccountBinding, preferredChain, profile, keyType = 'ECDSA' } = spec;
    if (!URL.canParse(directory)) {
      this.#report('InvalidObject', `${field}.directory`, `${quote(directory)} is no URL; correct it`);
      return { why: 'has a directory that is no URL' };
    }
    const ca = caRef && this.ca(caRef.name, `${field}.caRef`);
    const key = externalAccountBinding && this.#hmacKey(externalAccountBinding.secretRef.name, `${field}.externalAccountBinding.secretRef`);
    const dns = spec.dns && readAcmeDns(spec.dns, `${field}.dns`, this);
    const lacksOne = [
      [caRef, ca],
      [externalAccountBinding, key],
      [spec.dns, dns],
    ].some(([asked, found]) => asked !== undefined && found === undefined);
    if (lacksOne) return { why: 'can not be used, for a Secret of it is missing or broken' };
    const externalAccount = externalAccountBinding && key && { keyId: externalAccountBinding.keyId, key };
    const { challenge = this.#usualChallenge(dns), resolvers = [], selfCheck = 'Lenient' } = spec;
    const broken = resolvers.find((resolver) => !isResolver(resolver));
    if (broken !== undefined) {
      this.#report('InvalidObject', `${field}.resolvers`, `${quote(broken)} is no address of a resolver; correct it`);
      return { why: 'has a resolver that is no address' };
    }
    const account = { name, directory, ca, email, externalAccount };
    const reclaimPolicy = this.#reclaimPolicy(spec, field);
    return { issuer: { ...account, preferredChain, profile, keyType, challenge, dns, resolvers, selfCheck, reclaimPolicy } };
  }

  #reclaimPolicy({ reclaimPolicy = 'Retain' }: SmartProxyConfigIssuer, field: string): AcmeIssuer['reclaimPolicy'] {
    if (reclaimPolicy === 'Retain' || this.#options.garbageCollection) return reclaimPolicy;
    const sentence =
      'certificates always stay with --manifests; remove the field, and delete what nobody wants in the folder acme of --state-dir by hand';
    this.#report('NoEffect', `${field}.reclaimPolicy`, sentence);
    return 'Retain';
  }

  #usualChallenge(dns: AcmeDns | undefined): ChallengeType {
    if (dns !== undefined) return 'dns-01';
    return this.#options.hasHttp ? 'http-01' : 'tls-alpn-01';
  }

  entries(name: string, field: string, required: readonly string[]): ((entry: string) => string | undefined) | undefined {
    const secret = this.#secret(name, field);
    if (secret === undefined) return undefined;
    const entry = (of: string) => secretText(secret, of)?.trim() || undefined;
    const missing = required.filter((of) => entry(of) === undefined);
    if (missing.length === 0) return entry;
    this.#report('SecretInvalid', field, `Secret ${this.#keyOf(name)} has no ${missing.join(' and no ')}; put it there`);
    return undefined;
  }

  invalid(field: string, sentence: string): void {
    this.#report('SecretInvalid', field, sentence);
  }

  ca(name: string, field: string): string | undefined {
    const secret = this.#secret(name, field);
    const bundle = secret && readCaBundle(secret);
    if (bundle === undefined || 'pem' in bundle) return bundle?.pem;
    this.#report('SecretInvalid', field, `Secret ${this.#keyOf(name)} ${bundle.why}`);
    return undefined;
  }

  #hmacKey(name: string, field: string): Redacted | undefined {
    const secret = this.#secret(name, field);
    const text = secret && secretText(secret, 'hmac-key')?.trim();
    if (secret === undefined) return undefined;
    if (text !== undefined && /^[A-Za-z0-9_-]{16,}={0,2}$/.test(text)) return new Redacted(text);
    this.#report('SecretInvalid', field, `Secret ${this.#keyOf(name)} has no hmac-key in base64url; put the key there as the CA gave it`);
    return undefined;
  }

  #secret(name: string, field: string): Secret | undefined {
    const key = this.#keyOf(name);
    this.#asked.add(key);
    const secret = this.#options.secrets.get(key);
    if (secret === undefined) this.#report('SecretNotFound', field, `Secret ${key} does not exist; create it or correct the name`);
    return secret;
  }

  #keyOf(name: string): string {
    return `${this.#options.config.ref.namespace}/${name}`;
  }

  #report(reason: ProblemReason, field: string, sentence: string): void {
    const { ref } = this.#options.config;
    this.#problems.push({ object: ref, reason, field, message: messageFor(ref, field, sentence) });
  }
}
