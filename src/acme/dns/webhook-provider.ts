import type { AcmeDns } from '../../translate/acme-dns.ts';
import { askApi, excerpt } from './ask-api.ts';
import { DnsError, type DnsProvider, type DnsRecord } from './dns-provider.ts';

type Webhook = Extract<AcmeDns, { readonly kind: 'webhook' }>;

/** Tells a server of the user's what to write: JSON as lego's `httpreq` sends it, of which servers exist. */
export class WebhookProvider implements DnsProvider {
  readonly #webhook: Webhook;

  constructor(webhook: Webhook) {
    this.#webhook = webhook;
  }

  present(record: DnsRecord, signal: AbortSignal): Promise<void> {
    return this.#tell('present', record, signal);
  }

  cleanUp(record: DnsRecord, signal: AbortSignal): Promise<void> {
    return this.#tell('cleanup', record, signal);
  }

  async #tell(action: 'present' | 'cleanup', { name, value }: DnsRecord, signal: AbortSignal): Promise<void> {
    const { url, authorization, ca } = this.#webhook;
    const headers = { 'content-type': 'application/json', ...(authorization && { authorization: authorization.reveal() }) };
    const body = JSON.stringify({ fqdn: `${name}.`, value });
    const { status, text } = await askApi({ method: 'POST', url: `${url}/${action}`, headers, body, ca, signal });
    if (status >= 200 && status < 300) return;
    throw new DnsError(`${action} ${name}`, `the webhook answers ${action} with status ${status} ${excerpt(text)}`.trim());
  }
}
