import { AwsV4Signer } from 'aws4fetch';
import { askApi, excerpt } from './ask-api.ts';
import type { AwsKeys } from './aws-keys.ts';
import { DnsError, type DnsProvider, type DnsRecord, recordTtlSeconds } from './dns-provider.ts';
import { inTurn } from './in-turn.ts';
import { elementsOf, escapeXml, textOf } from './plain-xml.ts';

const publicApi = 'https://route53.amazonaws.com';
const version = '2013-04-01';
const namespace = `https://route53.amazonaws.com/doc/${version}/`;
/** Route 53 is one for all regions; requests are signed for this one. */
const region = 'us-east-1';

/** All values of a name, as Route 53 keeps them: in quotes. */
interface RecordSet {
  readonly ttl: string;
  readonly values: readonly string[];
}

/**
 * Zones at Amazon Route 53, by its API of 2013-04-01 (ListHostedZonesByName, ListResourceRecordSets, ChangeResourceRecordSets), signed with
 * Signature Version 4. All values of a name are one set there, which is read, changed and written: one of our changes of a name after the other.
 */
export class Route53Provider implements DnsProvider {
  readonly #keys: () => Promise<AwsKeys>;
  readonly #hostedZoneId: string | undefined;
  readonly #api: string;

  /**
   * @param keys asked for at each request; rejects with a DnsError
   * @param hostedZoneId undefined: the public zone of its name
   * @param api where it is, without a slash at its end
   */
  constructor(keys: () => Promise<AwsKeys>, hostedZoneId: string | undefined, api = publicApi) {
    this.#keys = keys;
    this.#hostedZoneId = hostedZoneId;
    this.#api = api;
  }

  present(record: DnsRecord, signal: AbortSignal): Promise<void> {
    const { name, value } = record;
    return inTurn(name, async () => {
      const zone = await this.#zoneId(record.zone, signal);
      const { values = [] } = (await this.#recordSet(zone, name, signal)) ?? {};
      if (values.includes(quoted(value))) return;
      await this.#change(zone, 'UPSERT', name, { ttl: String(recordTtlSeconds), values: [...values, quoted(value)] }, signal);
    });
  }

  cleanUp(record: DnsRecord, signal: AbortSignal): Promise<void> {
    const { name, value } = record;
    return inTurn(name, async () => {
      const zone = await this.#zoneId(record.zone, signal);
      const set = await this.#recordSet(zone, name, signal);
      if (set === undefined || !set.values.includes(quoted(value))) return;
      const values = set.values.filter((other) => other !== quoted(value));
      if (values.length > 0) await this.#change(zone, 'UPSERT', name, { ...set, values }, signal);
      else await this.#change(zone, 'DELETE', name, set, signal);
    });
  }

  async #zoneId(zone: string, signal: AbortSignal): Promise<string> {
    if (this.#hostedZoneId !== undefined) return this.#hostedZoneId;
    const query = new URLSearchParams({ dnsname: `${zone}.`, maxitems: '10' });
    const text = await this.#ask('GET', `hostedzonesbyname?${query}`, signal);
    const found = elementsOf(text, 'HostedZone').find(
      (each) => textOf(each, 'Name') === `${zone}.` && textOf(each, 'PrivateZone') !== 'true',
    );
    const id = found && textOf(found, 'Id')?.split('/').at(-1);
    if (id === undefined) throw new DnsError(`find zone ${zone}`, `Route 53 knows no public zone ${zone} of this account`);
    return id;
  }

  async #recordSet(zone: string, name: string, signal: AbortSignal): Promise<RecordSet | undefined> {
    const query = new URLSearchParams({ name: `${name}.`, type: 'TXT', maxitems: '1' });
    const text = await this.#ask('GET', `hostedzone/${encodeURIComponent(zone)}/rrset?${query}`, signal);
    // The list begins at that name, or at what comes after it.
    const found = elementsOf(text, 'ResourceRecordSet').find(
      (each) => textOf(each, 'Name') === `${name}.` && textOf(each, 'Type') === 'TXT',
    );
    if (found === undefined) return undefined;
    const values = elementsOf(found, 'ResourceRecord').map((each) => textOf(each, 'Value') ?? '');
    return { ttl: textOf(found, 'TTL') ?? String(recordTtlSeconds), values };
  }

  async #change(zone: string, action: 'UPSERT' | 'DELETE', name: string, { ttl, values }: RecordSet, signal: AbortSignal): Promise<void> {
    const records = values.map((value) => `<ResourceRecord><Value>${escapeXml(value)}</Value></ResourceRecord>`).join('');
    const set =
      `<ResourceRecordSet><Name>${escapeXml(name)}.</Name><Type>TXT</Type><TTL>${escapeXml(ttl)}</TTL>` +
      `<ResourceRecords>${records}</ResourceRecords></ResourceRecordSet>`;
    const body =
      `<?xml version="1.0" encoding="UTF-8"?>\n<ChangeResourceRecordSetsRequest xmlns="${namespace}"><ChangeBatch><Changes>` +
      `<Change><Action>${action}</Action>${set}</Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`;
    await this.#ask('POST', `hostedzone/${encodeURIComponent(zone)}/rrset/`, signal, body);
  }

  async #ask(method: 'GET' | 'POST', path: string, signal: AbortSignal, body?: string): Promise<string> {
    const { accessKeyId, secretAccessKey, sessionToken } = await this.#keys();
    const signer = new AwsV4Signer({
      method,
      url: `${this.#api}/${version}/${path}`,
      headers: body === undefined ? {} : { 'content-type': 'application/xml' },
      ...(body !== undefined && { body }),
      accessKeyId,
      secretAccessKey: secretAccessKey.reveal(),
      ...(sessionToken && { sessionToken: sessionToken.reveal() }),
      service: 'route53',
      region,
    });
    const { url, headers } = await signer.sign();
    const answer = await askApi({ method, url: url.href, headers: Object.fromEntries(headers), body, signal });
    if (answer.status === 200) return answer.text;
    const code = textOf(answer.text, 'Code');
    const words = textOf(answer.text, 'Message') ?? excerpt(answer.text);
    throw new DnsError(
      `${method} ${path}`,
      `Route 53 answers with status ${answer.status}${code === undefined ? '' : ` (${code})`}: ${excerpt(words)}`,
    );
  }
}

function quoted(value: string): string {
  return `"${value}"`;
}
