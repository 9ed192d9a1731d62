import { readFile } from 'node:fs/promises';
import { messageOf } from '../../errors.ts';
import { Redacted } from '../../redacted.ts';
import { type ApiAnswer, askApi, excerpt } from './ask-api.ts';
import type { AwsKeys } from './aws-keys.ts';
import { DnsError } from './dns-provider.ts';
import { elementsOf, textOf } from './plain-xml.ts';

/** Keys for a while. */
interface RoleKeys extends AwsKeys {
  /** Milliseconds since 1970. */
  readonly expiresMs: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Keys are replaced so long before they expire. */
const marginMs = 5 * 60_000;
/** Where agents of Amazon give out keys over plain HTTP, beside loopback: ECS, and EKS Pod Identity in both families. */
const plainHosts: ReadonlySet<string> = new Set(['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]', 'localhost', '127.0.0.1', '[::1]']);
const noRole =
  'the issuer names no Secret, and this pod has no role of Amazon: neither AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set; give its service account a role, or the issuer a secretRef';

/**
 * Keys of the role that a pod has at Amazon, by what is in its environment: a token that STS exchanges (IAM roles for service accounts), or
 * an agent that gives them out (EKS Pod Identity, ECS). They are kept until shortly before they expire.
 */
export class AwsRole {
  readonly #env: Environment;
  readonly #now: () => number;
  #keys: RoleKeys | undefined;
  #asked: Promise<RoleKeys> | undefined;

  constructor(env: Environment, now: () => number = Date.now) {
    this.#env = env;
    this.#now = now;
  }

  /** Asked for at once by many, they are fetched once. Rejects with a DnsError. */
  async keys(): Promise<AwsKeys> {
    if (this.#keys !== undefined && this.#keys.expiresMs - marginMs > this.#now()) return this.#keys;
    this.#asked ??= fetchKeys(this.#env).finally(() => {
      this.#asked = undefined;
    });
    this.#keys = await this.#asked;
    return this.#keys;
  }
}

function fetchKeys(env: Environment): Promise<RoleKeys> {
  if (env.AWS_ROLE_ARN && env.AWS_WEB_IDENTITY_TOKEN_FILE) return ofWebIdentity(env, env.AWS_ROLE_ARN, env.AWS_WEB_IDENTITY_TOKEN_FILE);
  if (env.AWS_CONTAINER_CREDENTIALS_FULL_URI) return ofAgent(env, env.AWS_CONTAINER_CREDENTIALS_FULL_URI);
  if (env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI) return ofAgent(env, `http://169.254.170.2${env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI}`);
  return Promise.reject(new DnsError('sign a request to Amazon', noRole));
}

/** AssumeRoleWithWebIdentity of STS, 2011-06-15. */
async function ofWebIdentity(env: Environment, role: string, tokenFile: string): Promise<RoleKeys> {
  const fields = {
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: env.AWS_ROLE_SESSION_NAME || 'smartproxy-ingress',
    WebIdentityToken: await tokenIn(tokenFile),
  };
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  const usual = region ? `https://sts.${region}.amazonaws.com` : 'https://sts.amazonaws.com';
  const { status, text } = await askApi({
    method: 'POST',
    url: `${(env.AWS_ENDPOINT_URL_STS || usual).replace(/\/$/, '')}/`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
    signal: new AbortController().signal,
  });
  if (status !== 200) {
    const [error = ''] = elementsOf(text, 'Error');
    throw refused(`STS does not give out keys of the role ${role}`, status, textOf(error, 'Code'), textOf(error, 'Message') ?? text);
  }
  const [credentials = ''] = elementsOf(text, 'Credentials');
  return keysOf('STS', {
    accessKeyId: textOf(credentials, 'AccessKeyId'),
    secretAccessKey: textOf(credentials, 'SecretAccessKey'),
    token: textOf(credentials, 'SessionToken'),
    expiration: textOf(credentials, 'Expiration'),
  });
}

/** The container credential provider: an agent beside the pod. */
async function ofAgent(env: Environment, uri: string): Promise<RoleKeys> {
  const host = URL.canParse(uri) ? new URL(uri).hostname : undefined;
  const isSafe = host !== undefined && (uri.startsWith('https:') || (uri.startsWith('http:') && plainHosts.has(host)));
  if (!isSafe)
    throw new DnsError('ask for keys', `AWS_CONTAINER_CREDENTIALS_FULL_URI leads over plain HTTP to ${excerpt(uri)}, which is no agent`);
  const tokenFile = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
  const token = tokenFile ? await tokenIn(tokenFile) : env.AWS_CONTAINER_AUTHORIZATION_TOKEN;
  const { status, text } = await askApi({
    method: 'GET',
    url: uri,
    headers: token ? { authorization: token } : {},
    signal: new AbortController().signal,
  });
  const answer = objectIn({ status, text });
  if (status !== 200)
    throw refused(`the agent at ${host} does not give out keys`, status, stringOf(answer.code), stringOf(answer.message) ?? text);
  return keysOf(`the agent at ${host}`, {
    accessKeyId: stringOf(answer.AccessKeyId),
    secretAccessKey: stringOf(answer.SecretAccessKey),
    token: stringOf(answer.Token),
    expiration: stringOf(answer.Expiration),
  });
}

function keysOf(
  who: string,
  found: Readonly<Record<'accessKeyId' | 'secretAccessKey' | 'token' | 'expiration', string | undefined>>,
): RoleKeys {
  const { accessKeyId, secretAccessKey, token, expiration } = found;
  const expiresMs = Date.parse(expiration ?? '');
  if (!accessKeyId || !secretAccessKey || !token || Number.isNaN(expiresMs))
    throw new DnsError('sign a request to Amazon', `${who} gives out something else than keys of a role`);
  return { accessKeyId, secretAccessKey: new Redacted(secretAccessKey), sessionToken: new Redacted(token), expiresMs };
}

function refused(what: string, status: number, code: string | undefined, words: string): DnsError {
  const cause = code === undefined ? `status ${status}` : `status ${status} (${excerpt(code)})`;
  return new DnsError('sign a request to Amazon', `${what}, it answers with ${cause}: ${excerpt(words)}`);
}

/** It is written anew before it expires: read at each use. */
async function tokenIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new DnsError('sign a request to Amazon', `the token of the pod's role can not be read: ${messageOf(error)}`, error);
  }
}

function objectIn({ text }: ApiAnswer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
