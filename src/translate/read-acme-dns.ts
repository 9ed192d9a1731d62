import type { SmartProxyConfigDns, SmartProxyConfigRfc2136, SmartProxyConfigWebhook } from '../api/generated/smart-proxy-config.ts';
import { Redacted } from '../redacted.ts';
import type { AcmeDns } from './acme-dns.ts';

/** Looks up what an issuer names, and tells what is wrong with it. */
export interface IssuerSecrets {
  /** Gives entries of a Secret, trimmed. undefined: it is missing, or one of `required` is not in it, which is told. */
  entries(name: string, field: string, required: readonly string[]): ((entry: string) => string | undefined) | undefined;
  /** The `ca.crt` of a Secret. undefined: it is missing or broken, which is told. */
  ca(name: string, field: string): string | undefined;
  /** Tells of something else. */
  invalid(field: string, sentence: string): void;
}

const dnsPort = 53;

/** The provider of DNS of an issuer; undefined: something of it is missing or broken, which is told. @param field of `dns` */
export function readAcmeDns(spec: SmartProxyConfigDns, field: string, secrets: IssuerSecrets): AcmeDns | undefined {
  const { rfc2136, webhook, cloudflare, route53 } = spec;
  if (rfc2136 !== undefined) return readUpdates(rfc2136, `${field}.rfc2136`, secrets);
  if (webhook !== undefined) return readWebhook(webhook, `${field}.webhook`, secrets);
  if (cloudflare !== undefined) {
    const token = secrets.entries(cloudflare.secretRef.name, `${field}.cloudflare.secretRef`, ['api-token'])?.('api-token');
    return token === undefined ? undefined : { kind: 'cloudflare', token: new Redacted(token) };
  }
  if (route53 === undefined) return undefined;
  const { secretRef, hostedZoneId } = route53;
  if (secretRef === undefined) return { kind: 'route53-by-role', hostedZoneId };
  const entry = secrets.entries(secretRef.name, `${field}.route53.secretRef`, ['access-key-id', 'secret-access-key']);
  if (entry === undefined) return undefined;
  const sessionToken = entry('session-token');
  return {
    kind: 'route53',
    accessKeyId: entry('access-key-id') ?? '',
    secretAccessKey: new Redacted(entry('secret-access-key') ?? ''),
    sessionToken: sessionToken === undefined ? undefined : new Redacted(sessionToken),
    hostedZoneId,
  };
}

function readUpdates({ server, tsig }: SmartProxyConfigRfc2136, field: string, secrets: IssuerSecrets): AcmeDns | undefined {
  const { keyName, algorithm = 'hmac-sha256', secretRef } = tsig;
  const at = `${field}.tsig.secretRef`;
  const secret = secrets.entries(secretRef.name, at, ['tsig-secret'])?.('tsig-secret');
  if (secret === undefined) return undefined;
  if (!/^[A-Za-z0-9+/]{4,}={0,2}$/.test(secret)) {
    secrets.invalid(at, `the tsig-secret of Secret ${secretRef.name} is not in base64; put it there as "tsig-keygen" prints it`);
    return undefined;
  }
  const [, bracketed, plain = '', port] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(server) ?? [];
  const name = keyName.replace(/\.$/, '').toLowerCase();
  return {
    kind: 'rfc2136',
    host: bracketed ?? plain,
    port: port === undefined ? dnsPort : Number(port),
    tsig: { name, algorithm, secret: new Redacted(secret) },
  };
}

function readWebhook({ url, secretRef, caRef }: SmartProxyConfigWebhook, field: string, secrets: IssuerSecrets): AcmeDns | undefined {
  if (!URL.canParse(url)) {
    secrets.invalid(`${field}.url`, `"${url}" is no URL; correct it`);
    return undefined;
  }
  const ca = caRef && secrets.ca(caRef.name, `${field}.caRef`);
  const authorization = secretRef && readAuthorization(secretRef.name, `${field}.secretRef`, secrets);
  if ((caRef !== undefined && ca === undefined) || (secretRef !== undefined && authorization === undefined)) return undefined;
  return { kind: 'webhook', url: url.replace(/\/$/, ''), authorization, ca };
}

function readAuthorization(name: string, field: string, secrets: IssuerSecrets): Redacted | undefined {
  const entry = secrets.entries(name, field, []);
  if (entry === undefined) return undefined;
  const [token, username, password] = ['token', 'username', 'password'].map(entry);
  if (token !== undefined) return new Redacted(`Bearer ${token}`);
  if (username !== undefined && password !== undefined)
    return new Redacted(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
  secrets.invalid(field, `Secret ${name} has neither a token nor a username with a password; put one there`);
  return undefined;
}
