import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AwsKeys } from '../../../src/acme/dns/aws-keys.ts';
import { CloudflareProvider } from '../../../src/acme/dns/cloudflare-provider.ts';
import type { DnsRecord } from '../../../src/acme/dns/dns-provider.ts';
import { Route53Provider } from '../../../src/acme/dns/route53-provider.ts';
import { WebhookProvider } from '../../../src/acme/dns/webhook-provider.ts';
import { Redacted } from '../../../src/redacted.ts';
import { type SeenCall, startApi } from '../../tools/acme/api-server.ts';
import { signatureProblem } from '../../tools/acme/signature-v4.ts';

const { signal } = new AbortController();
const record = (value: string): DnsRecord => ({ name: '_acme-challenge.shop.test', zone: 'shop.test', value });
const json = (status: number, value: object) => ({ status, body: JSON.stringify(value) });

test('a webhook is told of a record and of its end, with the credentials that are given', async (t) => {
  const calls: SeenCall[] = [];
  let status = 204;
  const url = await startApi(t, (call) => {
    calls.push(call);
    return { status, body: status === 204 ? '' : 'zone is locked' };
  });
  const provider = new WebhookProvider({ kind: 'webhook', url: `${url}/dns`, authorization: new Redacted('Bearer t0ken'), ca: undefined });
  await provider.present(record('one'), signal);
  await provider.cleanUp(record('one'), signal);
  assert.deepEqual(
    calls.map(({ method, url: path, headers, body }) => [method, path, headers.authorization, headers['content-type'], JSON.parse(body)]),
    ['present', 'cleanup'].map((action) => [
      'POST',
      `/dns/${action}`,
      'Bearer t0ken',
      'application/json',
      { fqdn: '_acme-challenge.shop.test.', value: 'one' },
    ]),
  );
  status = 500;
  await assert.rejects(
    provider.present(record('one'), signal),
    /Cannot present .*: the webhook answers present with status 500 zone is locked/,
  );
});

test('a server that is away, and one that never ends, are told as such', async (t) => {
  const away = new WebhookProvider({ kind: 'webhook', url: 'http://127.0.0.1:1', authorization: undefined, ca: undefined });
  await assert.rejects(away.present(record('one'), signal), /127\.0\.0\.1:1 can not be reached, .*ECONNREFUSED/);
  const url = await startApi(t, () => ({ status: 200, body: 'x'.repeat(2_000_000) }));
  const long = new WebhookProvider({ kind: 'webhook', url, authorization: undefined, ca: undefined });
  await assert.rejects(long.present(record('one'), signal), /the answer is longer than 1048576 bytes/);
});

/** Zones of Cloudflare as its API has them: `GET /zones?name=`, and `GET`, `POST` and `DELETE` of `/zones/{id}/dns_records`. */
async function startCloudflare(t: Parameters<typeof startApi>[0]) {
  const records = new Map<string, { readonly name: string; readonly type: string; readonly content: string }>();
  let count = 0;
  const url = await startApi(t, ({ method, url: target, headers, body }) => {
    if (headers.authorization !== 'Bearer t0ken')
      return json(403, { success: false, errors: [{ code: 9109, message: 'Invalid access token' }], result: null });
    const { pathname, searchParams } = new URL(target, 'http://api');
    const success = (result: unknown) => json(200, { success: true, errors: [], messages: [], result });
    if (method === 'GET' && pathname === '/zones') {
      const name = searchParams.get('name');
      return success(name === 'shop.test' ? [{ id: 'zone-1', name }] : []);
    }
    if (method === 'GET' && pathname === '/zones/zone-1/dns_records') {
      const isMeant = (each: { readonly name: string; readonly type: string }) =>
        each.name === searchParams.get('name') && each.type === searchParams.get('type');
      return success([...records].flatMap(([id, each]) => (isMeant(each) ? [{ id, ...each }] : [])));
    }
    if (method === 'POST' && pathname === '/zones/zone-1/dns_records') {
      const { name, type, content, ttl } = JSON.parse(body) as { name: string; type: string; content: string; ttl: number };
      assert.ok(ttl >= 60);
      if ([...records.values()].some((each) => each.name === name && each.content === content))
        return json(400, { success: false, errors: [{ code: 81058, message: 'An identical record already exists.' }], result: null });
      records.set(`record-${++count}`, { name, type, content });
      return success({ id: `record-${count}` });
    }
    const id = /^\/zones\/zone-1\/dns_records\/(.+)$/.exec(pathname)?.[1];
    if (method === 'DELETE' && id !== undefined && records.delete(id)) return success({ id });
    return json(404, { success: false, errors: [{ code: 7003, message: 'Could not route' }], result: null });
  });
  return { url, records };
}

test('Cloudflare gets two records under one name, each once, and loses them one by one', async (t) => {
  const { url, records } = await startCloudflare(t);
  const provider = new CloudflareProvider(new Redacted('t0ken'), url);
  await provider.present(record('one'), signal);
  await provider.present(record('two'), signal);
  await provider.present(record('one'), signal);
  const contents = () => [...records.values()].map(({ content }) => content);
  assert.deepEqual(contents(), ['"one"', '"two"']);
  await provider.cleanUp(record('one'), signal);
  await provider.cleanUp(record('one'), signal);
  assert.deepEqual(contents(), ['"two"']);
  await assert.rejects(
    provider.present({ ...record('x'), zone: 'other.test' }, signal),
    /Cloudflare knows no zone other\.test for this token/,
  );
  const stranger = new CloudflareProvider(new Redacted('wrong'), url);
  await assert.rejects(stranger.present(record('x'), signal), /Cloudflare refuses to find zone shop\.test: Invalid access token \(9109\)/);
});

const account = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: new Redacted('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'),
  sessionToken: new Redacted('session'),
  hostedZoneId: undefined,
} as const;

function route53(of: AwsKeys & { readonly hostedZoneId: string | undefined }, url: string): Route53Provider {
  return new Route53Provider(async () => of, of.hostedZoneId, url);
}

/** Zones of Route 53 as its API of 2013-04-01 has them. What is not signed with the key of the account is refused. */
async function startRoute53(t: Parameters<typeof startApi>[0]) {
  const sets = new Map<string, { readonly ttl: string; readonly values: readonly string[] }>();
  const changes: string[] = [];
  const refuse = (status: number, code: string, message: string) => ({
    status,
    body: `<?xml version="1.0"?>\n<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
  });
  const url = await startApi(t, (call) => {
    const problem = signatureProblem(call, account.secretAccessKey.reveal(), 'route53');
    if (problem !== undefined) return refuse(403, 'SignatureDoesNotMatch', problem);
    if (call.headers['x-amz-security-token'] !== 'session') return refuse(403, 'InvalidClientTokenId', 'no token');
    const { pathname, searchParams } = new URL(call.url, 'http://api');
    if (call.method === 'GET' && pathname === '/2013-04-01/hostedzonesbyname') {
      const zone = (id: string, name: string, isPrivate: boolean) =>
        `<HostedZone><Id>/hostedzone/${id}</Id><Name>${name}</Name><Config><PrivateZone>${isPrivate}</PrivateZone></Config></HostedZone>`;
      const all = [zone('Z0PRIVATE', 'shop.test.', true), zone('Z1', 'shop.test.', false), zone('Z2', 'zoo.test.', false)];
      return {
        status: 200,
        body: `<ListHostedZonesByNameResponse><HostedZones>${all.join('')}</HostedZones></ListHostedZonesByNameResponse>`,
      };
    }
    if (call.method === 'GET' && pathname === '/2013-04-01/hostedzone/Z1/rrset') {
      assert.equal(searchParams.get('type'), 'TXT');
      const name = searchParams.get('name') ?? '';
      const [key, set] = [...sets].sort().find(([each]) => each >= name) ?? [];
      const records = set?.values.map((value) => `<ResourceRecord><Value>${value.replaceAll('"', '&quot;')}</Value></ResourceRecord>`);
      const found =
        set &&
        `<ResourceRecordSet><Name>${key}</Name><Type>TXT</Type><TTL>${set.ttl}</TTL><ResourceRecords>${records?.join('')}</ResourceRecords></ResourceRecordSet>`;
      return {
        status: 200,
        body: `<ListResourceRecordSetsResponse><ResourceRecordSets>${found ?? ''}</ResourceRecordSets></ListResourceRecordSetsResponse>`,
      };
    }
    if (call.method === 'POST' && pathname === '/2013-04-01/hostedzone/Z1/rrset/') {
      const body = call.body.replaceAll('&#34;', '"');
      const form =
        /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<ChangeResourceRecordSetsRequest xmlns="https:\/\/route53\.amazonaws\.com\/doc\/2013-04-01\/"><ChangeBatch><Changes><Change><Action>(\w+)<\/Action><ResourceRecordSet><Name>(.+?)<\/Name><Type>TXT<\/Type><TTL>(\d+)<\/TTL><ResourceRecords>(.+)<\/ResourceRecords><\/ResourceRecordSet><\/Change><\/Changes><\/ChangeBatch><\/ChangeResourceRecordSetsRequest>$/;
      const [, action = '', name = '', ttl = '', records = ''] = form.exec(body) ?? [];
      const values = [...records.matchAll(/<ResourceRecord><Value>("[^"]*")<\/Value><\/ResourceRecord>/g)].map(([, value]) => value ?? '');
      changes.push(`${action} ${values.join(' ')}`);
      if (action === 'UPSERT') sets.set(name, { ttl, values });
      else {
        const present = sets.get(name);
        if (present?.ttl !== ttl || present.values.join() !== values.join())
          return refuse(400, 'InvalidChangeBatch', 'it is not as it was');
        sets.delete(name);
      }
      return {
        status: 200,
        body: '<ChangeResourceRecordSetsResponse><ChangeInfo><Status>PENDING</Status></ChangeInfo></ChangeResourceRecordSetsResponse>',
      };
    }
    return refuse(404, 'NoSuchHostedZone', 'no such zone');
  });
  return { url, sets, changes };
}

test('Route 53 gets signed changes of one set of values, which others stay in, also when two come at once', async (t) => {
  const { url, sets, changes } = await startRoute53(t);
  const provider = route53(account, url);
  const another = route53(account, url);
  sets.set('_acme-challenge.shop.test.', { ttl: '300', values: ['"theirs"'] });
  await Promise.all([provider.present(record('one'), signal), another.present(record('two'), signal)]);
  const values = () => sets.get('_acme-challenge.shop.test.')?.values;
  assert.deepEqual(values(), ['"theirs"', '"one"', '"two"']);
  await provider.present(record('one'), signal);
  assert.equal(changes.length, 2, 'what is there is not written again');
  await provider.cleanUp(record('one'), signal);
  await provider.cleanUp(record('theirs'), signal);
  assert.deepEqual(values(), ['"two"']);
  await provider.cleanUp(record('two'), signal);
  await provider.cleanUp(record('two'), signal);
  assert.equal(sets.size, 0);
  assert.equal(changes.at(-1), 'DELETE "two"');
});

test('what Route 53 refuses is told in its words, and a zone of the account alone counts', async (t) => {
  const { url } = await startRoute53(t);
  const stranger = route53({ ...account, secretAccessKey: new Redacted('wrong') }, url);
  await assert.rejects(stranger.present(record('one'), signal), /status 403 \(SignatureDoesNotMatch\): the signature is another one/);
  const provider = route53(account, url);
  await assert.rejects(provider.present({ ...record('x'), zone: 'other.test' }, signal), /Route 53 knows no public zone other\.test/);
  const named = route53({ ...account, hostedZoneId: 'Z9' }, url);
  await assert.rejects(named.present(record('one'), signal), /status 404 \(NoSuchHostedZone\)/);
});

test('Route 53 is asked with the keys of the role as they are at each request', async (t) => {
  const { url, sets } = await startRoute53(t);
  let fetched = 0;
  const { accessKeyId, secretAccessKey, sessionToken } = account;
  const provider = new Route53Provider(
    async () => {
      fetched++;
      return { accessKeyId, secretAccessKey, sessionToken };
    },
    'Z1',
    url,
  );
  await provider.present(record('one'), signal);
  assert.deepEqual(sets.get('_acme-challenge.shop.test.')?.values, ['"one"']);
  assert.equal(fetched, 2);
});
