import type { Redacted } from '../../redacted.ts';
import { askApi, excerpt } from './ask-api.ts';
import { DnsError, type DnsProvider, type DnsRecord, recordTtlSeconds } from './dns-provider.ts';

interface CloudflareAnswer {
  readonly success?: unknown;
  readonly errors?: readonly { readonly code?: unknown; readonly message?: unknown }[];
  readonly result?: unknown;
}

interface KnownRecord {
  readonly id: string;
  readonly content: string;
}

const publicApi = 'https://api.cloudflare.com/client/v4';
/** Codes for "it is there already". */
const isThere: ReadonlySet<unknown> = new Set([81_057, 81_058]);

/** Zones at Cloudflare, by version 4 of its API (https://developers.cloudflare.com/api, "Zones" and "DNS Records"). */
export class CloudflareProvider implements DnsProvider {
  readonly #token: Redacted;
  readonly #api: string;

  /** @param api where it is, without a slash at its end */
  constructor(token: Redacted, api = publicApi) {
    this.#token = token;
    this.#api = api;
  }

  async present({ name, zone, value }: DnsRecord, signal: AbortSignal): Promise<void> {
    const path = `/zones/${await this.#zoneId(zone, signal)}/dns_records`;
    const answer = await this.#ask('POST', path, signal, { type: 'TXT', name, content: quoted(value), ttl: recordTtlSeconds });
    if (answer.errors?.some(({ code }) => isThere.has(code)) === true) return;
    this.#result(answer, `write ${name}`);
  }

  async cleanUp({ name, zone, value }: DnsRecord, signal: AbortSignal): Promise<void> {
    const path = `/zones/${await this.#zoneId(zone, signal)}/dns_records`;
    const query = new URLSearchParams({ type: 'TXT', name, per_page: '100' });
    const records = this.#result(await this.#ask('GET', `${path}?${query}`, signal), `list ${name}`) as readonly KnownRecord[];
    for (const { id, content } of records)
      if (content === value || content === quoted(value))
        this.#result(await this.#ask('DELETE', `${path}/${id}`, signal), `remove ${name}`);
  }

  async #zoneId(zone: string, signal: AbortSignal): Promise<string> {
    const zones = this.#result(await this.#ask('GET', `/zones?${new URLSearchParams({ name: zone })}`, signal), `find zone ${zone}`);
    const [found] = zones as readonly { readonly id: string }[];
    if (found === undefined) throw new DnsError(`find zone ${zone}`, `Cloudflare knows no zone ${zone} for this token`);
    return encodeURIComponent(found.id);
  }

  async #ask(method: 'GET' | 'POST' | 'DELETE', path: string, signal: AbortSignal, value?: object): Promise<CloudflareAnswer> {
    const headers = { authorization: `Bearer ${this.#token.reveal()}`, 'content-type': 'application/json' };
    const { status, text } = await askApi({ method, url: `${this.#api}${path}`, headers, body: value && JSON.stringify(value), signal });
    try {
      return JSON.parse(text) as CloudflareAnswer;
    } catch {
      throw new DnsError(`${method} ${path}`, `Cloudflare answers with status ${status} and no JSON: ${excerpt(text)}`);
    }
  }

  #result({ success, errors = [], result }: CloudflareAnswer, action: string): unknown {
    if (success === true) return result;
    const words = errors.map(({ code, message }) => `${message} (${code})`).join('; ');
    throw new DnsError(action, `Cloudflare refuses to ${action}: ${excerpt(words) || 'it does not say why'}`);
  }
}

/** As zone files have texts, which is how Cloudflare keeps them. */
function quoted(value: string): string {
  return `"${value}"`;
}
