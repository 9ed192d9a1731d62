import { Redacted } from '../redacted.ts';
import type { OidcAuth } from '../routes/auth-policy.ts';
import { serviceOfUrl } from '../routes/url-service.ts';
import type { AuthBackend, AuthSettings, AuthUrl, BasicSettings, ExternalSettings, JwtSettings, OidcSettings } from './auth-settings.ts';
import { noNeeds } from './host-claim.ts';
import { type AuthReading, nobodyAsked } from './installation-guards.ts';
import { messageFor, type ProblemList } from './problem-list.ts';
import { readCaBundle, secretText } from './read-certificate.ts';
import type { ServiceBinding } from './service-binding.ts';
import type { TrackedReads } from './tracked-reads.ts';
import type { TranslateDefaults } from './translate-options.ts';
import type { ObjectRef, ProblemReason } from './translation.ts';
import { fieldsOf, isFields, itemsOf } from './unknown-input.ts';
import { usableLines, usersOfEntries, usersOfFile } from './user-list.ts';

/** What the settings of who may ask consist of, as far as problems name it. */
export type AuthPart = 'secret' | 'url' | 'ca' | 'backend' | 'jwksSecret' | 'jwksUrl' | 'jwksCa' | 'oidcSecret' | 'oidcIssuer' | 'oidcCa';

/** Where the parts of `policy.auth` stand below it. */
export const authFields: Readonly<Record<AuthPart, string>> = {
  secret: 'basic.secretRef',
  url: 'external.url',
  ca: 'external.caRef',
  backend: 'external.backend',
  jwksSecret: 'jwt.jwks.secretRef',
  jwksUrl: 'jwt.jwks.url',
  jwksCa: 'jwt.jwks.caRef',
  oidcSecret: 'oidc.secretRef',
  oidcIssuer: 'oidc.issuer',
  oidcCa: 'oidc.caRef',
};

/** What an object, or a rule of it, says of who may ask. */
export interface AuthWish {
  readonly ref: ObjectRef;
  /** The rule of a SmartRoute. */
  readonly rule: string | undefined;
  readonly settings: AuthSettings | undefined;
  /** Where a part stands: `spec.policy.auth.basic.secretRef`. */
  fieldOf(part: AuthPart): string;
}

/** What it is read with. */
export interface AuthContext {
  readonly reads: TrackedReads;
  readonly problems: ProblemList;
  readonly options: TranslateDefaults;
  /** The port of a Service, or why there is none, which is reported then. */
  bind(backend: AuthBackend, field: string): ServiceBinding | string;
}

/** A server that is asked, and for what. */
interface AskedServer {
  readonly binding: ServiceBinding;
  readonly authority: string;
  readonly target: string;
}

/** Most lines of a file that are reported. */
const maxReportedLines = 5;
/** As many bits as the key that is made of it, if they are in base64. */
const leastCookieKey = 43;

/** Looks up what `wish` refers to, and says what is wrong with it. */
export function readAuth(wish: AuthWish, context: AuthContext): AuthReading {
  const { settings } = wish;
  switch (settings?.kind) {
    case undefined:
    case 'none':
      return nobodyAsked;
    case 'installation':
      return context.reads.guards().auth;
    case 'basic':
      return new AuthReader(wish, context).basic(settings);
    case 'external':
      return new AuthReader(wish, context).external(settings);
    case 'jwt':
      return new AuthReader(wish, context).jwt(settings);
    case 'oidc':
      return new AuthReader(wish, context).oidc(settings);
  }
}

class AuthReader {
  readonly #wish: AuthWish;
  readonly #context: AuthContext;

  constructor(wish: AuthWish, context: AuthContext) {
    this.#wish = wish;
    this.#context = context;
  }

  basic({ secret, secretType, realm, userHeader, forwardAuthorization }: BasicSettings): AuthReading {
    const key = this.#keyOf(secret);
    const object = this.#context.reads.secret(key);
    const how = secretType === 'map' ? 'create it with an entry for each user' : 'create it with an "auth" made by htpasswd';
    if (object === undefined) return this.#broken('SecretNotFound', 'secret', `Secret ${key} does not exist`, how);
    const text = secretType === 'map' ? undefined : secretText(object, 'auth');
    if (secretType === 'file' && text === undefined)
      return this.#broken('SecretInvalid', 'secret', `Secret ${key} has no "auth"`, 'put a file made by htpasswd there');
    const file = text === undefined ? usersOfEntries(object) : usersOfFile(text);
    for (const { where, why } of file.wrong.slice(0, maxReportedLines))
      this.#report('SecretInvalid', 'secret', `${where} Secret ${key} ${why}; until then that user is not let in`);
    const nobody = secretType === 'map' ? `Secret ${key} has no user` : `"auth" in Secret ${key} has no user`;
    if (file.hashes.size === 0)
      return file.wrong.length > 0 ? { broken: nobody } : this.#broken('SecretInvalid', 'secret', nobody, 'add one with htpasswd');
    const users = `htpasswd ${key}${secretType === 'map' ? ' map' : ''}`;
    return {
      policy: { kind: 'basic', users, realm: realm ?? 'Restricted', userHeader, forwardAuthorization },
      needs: { ...noNeeds, secrets: [{ key: users, value: new Redacted(usableLines(file)) }] },
    };
  }

  external({ from, ...settings }: ExternalSettings): AuthReading {
    const server = 'url' in from ? this.#url(from, 'url', 'ca') : this.#backend(from);
    if (typeof server === 'string') return { broken: server };
    const { binding, authority, target } = server;
    return {
      policy: { ...settings, service: binding.service.key, authority, target },
      needs: { ...noNeeds, bindings: [binding] },
    };
  }

  jwt({ keys, ...settings }: JwtSettings): AuthReading {
    if ('secret' in keys) return this.#jwksSecret(keys.secret, settings);
    const server = this.#url(keys, 'jwksUrl', 'jwksCa');
    if (typeof server === 'string') return { broken: server };
    const { binding, authority, target } = server;
    return {
      policy: { ...settings, keys: { service: binding.service.key, authority, target } },
      needs: { ...noNeeds, bindings: [binding] },
    };
  }

  oidc({ secret, ca, ...settings }: OidcSettings): AuthReading {
    // Whether it may be asked at all; workers find the rest of its URLs themselves.
    const server = this.#url({ url: settings.issuer, ca }, 'oidcIssuer', 'oidcCa');
    if (typeof server === 'string') return { broken: server };
    const key = this.#keyOf(secret);
    const object = this.#context.reads.secret(key);
    if (object === undefined)
      return this.#broken(
        'SecretNotFound',
        'oidcSecret',
        `Secret ${key} does not exist`,
        'create it with a cookie-key, and a client-secret if the client has one',
      );
    const cookieKey = secretText(object, 'cookie-key')?.trim() ?? '';
    if (cookieKey.length < leastCookieKey)
      return this.#broken(
        'SecretInvalid',
        'oidcSecret',
        `Secret ${key} has no cookie-key of at least ${leastCookieKey} characters`,
        'put random ones there ("openssl rand -base64 32")',
      );
    const clientSecret = secretText(object, 'client-secret')?.trim();
    const secrets = `oidc ${key}`;
    const policy: OidcAuth = { ...settings, ca: server.binding.service.tls?.ca, secrets };
    return {
      policy,
      needs: { ...noNeeds, secrets: [{ key: secrets, value: new Redacted(JSON.stringify({ cookieKey, clientSecret })) }] },
    };
  }

  #jwksSecret(name: string, settings: Omit<JwtSettings, 'keys'>): AuthReading {
    const key = this.#keyOf(name);
    const object = this.#context.reads.secret(key);
    const remedy = 'put the key set of the issuer there';
    if (object === undefined)
      return this.#broken('SecretNotFound', 'jwksSecret', `Secret ${key} does not exist`, 'create it with a jwks.json');
    const text = secretText(object, 'jwks.json');
    if (text === undefined) return this.#broken('SecretInvalid', 'jwksSecret', `Secret ${key} has no jwks.json`, remedy);
    if (!isKeySet(text)) return this.#broken('SecretInvalid', 'jwksSecret', `Secret ${key} has a jwks.json without "keys"`, remedy);
    const secret = `jwks ${key}`;
    return {
      policy: { ...settings, keys: { secret } },
      needs: { ...noNeeds, secrets: [{ key: secret, value: new Redacted(text) }] },
    };
  }

  #backend(backend: AuthBackend): AskedServer | string {
    const binding = this.#context.bind(backend, this.#wish.fieldOf('backend'));
    if (typeof binding === 'string') return binding;
    const { name, namespace, port } = binding.service;
    return { binding, authority: `${name}.${namespace}.svc:${port}`, target: backend.path };
  }

  #url({ url, ca }: AuthUrl, part: AuthPart, caPart: AuthPart): AskedServer | string {
    const { options } = this.#context;
    const pem = ca === undefined ? undefined : this.#ca(ca, caPart);
    if (pem !== undefined && typeof pem !== 'string') return pem.broken;
    const found = serviceOfUrl(url, { ca: pem, loadBalancing: options.loadBalancing, allowLocal: options.allowLocalExternalNames });
    if (typeof found !== 'string') {
      const { service, host, authority, target } = found;
      return { binding: { service, objectKey: '', portName: '', transport: 'TCP', externalName: host }, authority, target };
    }
    this.#report('InvalidBackend', part, `the URL ${found}; until then nobody is let in`);
    return `the URL ${found}`;
  }

  /** The PEM, or why there is none. */
  #ca(name: string, part: AuthPart): string | { readonly broken: string } {
    const key = this.#keyOf(name);
    const object = this.#context.reads.secret(key);
    if (object === undefined) return this.#broken('SecretNotFound', part, `Secret ${key} does not exist`, 'create it with a ca.crt');
    const read = readCaBundle(object);
    if ('pem' in read) return read.pem;
    this.#report('SecretInvalid', part, `Secret ${key} ${read.why}; until then nobody is let in`);
    return { broken: `Secret ${key} ${read.why}` };
  }

  #keyOf(name: string): string {
    return `${this.#wish.ref.namespace}/${name}`;
  }

  #broken(reason: ProblemReason, part: AuthPart, what: string, remedy: string): { readonly broken: string } {
    this.#report(reason, part, `${what}, so nobody is let in; ${remedy}`);
    return { broken: what };
  }

  #report(reason: ProblemReason, part: AuthPart, sentence: string): void {
    const { ref, rule } = this.#wish;
    const field = this.#wish.fieldOf(part);
    this.#context.problems.add(reason, field, messageFor(ref, field, sentence), rule);
  }
}

function isKeySet(text: string): boolean {
  try {
    return itemsOf(fieldsOf(JSON.parse(text)).keys).some(isFields);
  } catch {
    return false;
  }
}
