import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, test } from 'node:test';
import type { Policy } from '../../../src/routes/policy.ts';
import { installationKey } from '../../../src/routes/route-table.ts';
import type { Service } from '../../../src/routes/service.ts';
import { exampleChecks } from '../../tools/examples/all-checks.ts';
import { ExampleWorld } from '../../tools/examples/example-world.ts';
import { freePort } from '../../tools/free-port.ts';
import { forwardTo, ingressClass, opaqueSecret, service, smartRoute } from '../../tools/manifests.ts';
import { TestBrowser } from '../../tools/oidc/test-browser.ts';
import { TestProvider } from '../../tools/oidc/test-provider.ts';
import { Program } from '../../tools/program.ts';
import { TcpTalk } from '../../tools/tcp-talk.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

const folder = 'examples/smartroute';
const names = globSync(`${folder}/*.yaml`).map((path) => basename(path, '.yaml'));
const example = (name: string): string => `\n${readFileSync(`${folder}/${name}.yaml`, 'utf8')}\n---`;
/** They take a kernel, and are exercised by smart-route-nftables.test.ts. */
const ofTheKernel = ['nftables', 'nftables-udp'];

/** The installation of examples/smartproxyconfig with free ports, for whom clients on this machine are those of a load balancer. */
async function installation(): Promise<string> {
  let config = readFileSync('examples/smartproxyconfig/config.yaml', 'utf8').replaceAll('10.0.0.0/8', '127.0.0.0/8');
  for (const port of config.matchAll(/ port: (\d+)/g)) config = config.replace(port[0], ` port: ${await freePort()}`);
  const reference = 'apiGroup: smartproxy.dev, kind: SmartProxyConfig, scope: Namespace';
  const parameters = `parameters: {${reference}, name: smartproxy-ingress, namespace: smartproxy-ingress}`;
  return `${ingressClass.replace('spec: {', `spec: {${parameters}, `)}\n${config}\n---`;
}

let world: ExampleWorld;
let program: Program;

before(async () => {
  world = await ExampleWorld.start('127.0.0.1');
  const routes = names.filter((name) => !ofTheKernel.includes(name)).map(example);
  program = await Program.start(world.objects + (await installation()) + routes.join(''));
  world.ports = program.ports;
});

after(async () => {
  await program?.[Symbol.asyncDispose]();
  await world?.[Symbol.asyncDispose]();
});

test('every example of SmartRoute is exercised here, and nothing is wrong with any beside another', () => {
  assert.deepEqual([...names].sort(), [...Object.keys(exampleChecks), ...ofTheKernel].sort());
  assert.deepEqual(program.problems, []);
});

for (const [name, check] of Object.entries(exampleChecks)) test(`example ${name}.yaml does what it says`, () => check(world));

test('example config.yaml of SmartProxyConfig does what it says', async () => {
  const said = (namespace: string, host: string): string =>
    smartRoute(`${namespace}/${host.split('.')[0]}`, {
      hosts: [host],
      http: { rules: [{ name: 'all', action: { respond: { status: 200, body: namespace } } }] },
    });
  const [claimed, special] = ['a.shop.example.com', 'admin.shop.example.com'];
  const taken = said('mallory', claimed) + said('shop', claimed) + said('shop', special) + said('ops', special);
  const silent = smartRoute('silent', { hosts: ['silent.test'], http: { rules: [{ name: 'all', action: forwardTo('web') }] } });
  const tcp = smartRoute('mail', { listeners: ['mail'], tcp: { backends: [{ name: 'mail', port: { preserve: true } }] } });
  const preserved = service('mail', world.mail.port).replace('port: 80', 'port: 25');
  await using own = await Program.start((await installation()) + world.objects + preserved + taken + silent + tcp);
  assert.deepEqual(own.problems, ['HostNotPermitted', 'HostNotPermitted']);
  for (const [host, namespace] of [
    [claimed, 'shop'],
    [special, 'ops'],
  ] as const)
    assert.equal((await own.ask(host, '/')).body, namespace);
  await own.ask('silent.test', '/trusted', { headers: { 'x-forwarded-for': '192.0.2.7' } });
  assert.equal(world.seenByWeb.findLast(({ url }) => url === '/trusted')?.headers['x-real-ip'], '192.0.2.7');
  using talk = new TcpTalk(own.ports.get('mail') ?? 0);
  await talk.until('mail\n');
  const { policies, settings, l4 } = own.translation.routeTable;
  const [route] = l4.values();
  assert.equal(policies.get(route?.policy ?? '')?.connection?.idleMs, 600_000);
  assert.ok(
    [...policies.values()].some(({ timeouts, maxRequestBodyBytes }) => timeouts.readMs === 30_000 && maxRequestBodyBytes === 8 * 1024 ** 2),
  );
  const installed = { drainDelayMs: 10_000, drainTimeoutMs: 300_000, maxConnectionsPerAddress: 200 };
  assert.partialDeepStrictEqual(settings.get(installationKey), installed);
});

/** What the table has of a rule of a host: for times and numbers that are too large to wait for. */
function tabled(host: string, rule: string): { readonly policy: Policy | undefined; readonly service: Service | undefined } {
  const { hosts, policies, services } = program.translation.routeTable;
  const route = hosts.get(host)?.routes.find(({ key }) => key.endsWith(` ${rule}`) || key.includes(` ${rule} `));
  const key = route?.action.kind === 'forward' ? route.action.backends[0]?.service : undefined;
  return { policy: policies.get(route?.policy ?? ''), service: services.get(key ?? '') };
}

test('what examples say of long times and large numbers holds', () => {
  const rest = tabled('policy.example.com', 'rest');
  assert.partialDeepStrictEqual(rest.policy, { timeouts: { connectMs: 500, readMs: 30_000 }, retries: 2 });
  const uploads = tabled('policy.example.com', 'uploads');
  assert.partialDeepStrictEqual(uploads.policy, { timeouts: { connectMs: 500, readMs: 600_000 }, maxRequestBodyBytes: 1024 ** 3 });
  // What the installation's defaults say, and what takes their place as a whole.
  assert.partialDeepStrictEqual(rest.service, { loadBalancing: 'least-request', slowStartMs: 30_000 });
  assert.deepEqual([uploads.service?.loadBalancing, uploads.service?.slowStartMs], ['least-request', undefined]);
  const { service: sticky } = tabled('sticky.example.com', 'all');
  assert.deepEqual([sticky?.loadBalancing, sticky?.slowStartMs], ['least-request', 30_000]);
  assert.equal(tabled('hashed.example.com', 'tenants').service?.maxLoadPercent, 150);
  const { policy, service } = tabled('resilience.example.com', 'all');
  assert.partialDeepStrictEqual(policy, {
    timeouts: { connectMs: 1000, readMs: 5000, requestMs: 15_000 },
    retryRules: { timeout: true, perTryTimeoutMs: 5000, backOffMs: 100 },
  });
  assert.partialDeepStrictEqual(service, {
    healthCheck: { intervalMs: 5000, timeoutMs: 1000 },
    outlierDetection: { ejectionMs: 10_000 },
    limits: { connections: 500, pendingRequests: 100, requests: 1000, retryPercent: 10 },
  });
  assert.deepEqual(tabled('buffered.example.com', 'all').policy?.buffering, { requestBytes: 1024, answerBytes: 4 * 1024 * 1024 });
  assert.partialDeepStrictEqual(tabled('chat.example.com', 'all').policy, { timeouts: { readMs: 10_000, tunnelIdleMs: 3_600_000 } });
  const { l4, policies } = program.translation.routeTable;
  const devices = [...l4.values()].find(({ listener }) => listener === 'devices');
  const week = 7 * 24 * 3_600_000;
  assert.partialDeepStrictEqual(policies.get(devices?.policy ?? '')?.connection, {
    ...{ idleMs: 6 * 300_000, lifetimeMs: week, whenRemoved: 'drain', maxConnections: 5000 },
  });
  const [udp] = [...l4.values()].filter(({ protocol }) => protocol === 'udp');
  assert.equal(udp?.idleTimeoutMs, 10_000);
});

test('example udp.yaml refuses whom it does not allow', () => {
  const { l4, policies } = program.translation.routeTable;
  const [udp] = [...l4.values()].filter(({ protocol }) => protocol === 'udp');
  assert.deepEqual(policies.get(udp?.policy ?? '')?.clients?.allow, ['10.0.0.0/8', '127.0.0.0/8']);
});

test('example cross-namespace.yaml is served only with the grant that is beside it', async () => {
  await using own = await Program.start(ingressClass + world.objects + example('cross-namespace'));
  assert.deepEqual(own.problems, ['RefNotPermitted']);
  assert.equal((await own.ask('reports.example.com', '/')).status, 503);
  await own.apply(example('cross-namespace-grant'));
  assert.deepEqual(own.problems, []);
  assert.equal((await own.ask('reports.example.com', '/')).body, 'reports');
});

test('example reencrypt.yaml speaks to no backend that has another certificate', async () => {
  const other = opaqueSecret('backend-ca', { 'ca.crt': (await makeTestCertificate('backend.internal')).cert });
  await using verifying = await Program.start(ingressClass + world.objects + other + example('reencrypt'));
  assert.equal((await verifying.ask('reencrypt.example.com', '/', { tls: true })).status, 502);
});

test('example oidc.yaml logs in, at a provider of the tests in place of its own', async () => {
  const home = 'http://portal.example.com';
  await using provider = await TestProvider.start({ redirectUris: [`${home}/oauth2/callback`], afterLogout: [] });
  await provider.change({ account: 'ada' });
  const secret = opaqueSecret('portal-login', { 'cookie-key': 'k'.repeat(43), 'client-secret': provider.clientSecret });
  const route = example('oidc').replaceAll('https://login.example.com', provider.issuer).replaceAll('clientId: portal', 'clientId: shop');
  await using own = await Program.start(ingressClass + world.objects + secret + route, ['--allow-local-external-names']);
  assert.deepEqual(own.problems, []);
  const browserFor = (): TestBrowser => new TestBrowser({ 'portal.example.com': () => own.httpPort });
  const asked = await browserFor().go(`${home}/`, 0);
  const scope = new URL(asked.headers.location ?? '').searchParams.get('scope');
  assert.equal(scope, 'openid profile email groups offline_access');
  const browser = browserFor();
  assert.equal((await browser.go(`${home}/portal-private`)).body, 'web');
  assert.equal(world.seenByWeb.findLast(({ url }) => url === '/portal-private')?.headers['x-email'], 'ada@example.com');
  assert.equal((await browser.go(`${home}/admin`)).status, 403);
  await provider.change({ account: 'root' });
  assert.equal((await browserFor().go(`${home}/admin`)).body, 'web');
});

test('example buffering.yaml leaves its requests out of the access log', async () => {
  const own = await Program.start(ingressClass + world.objects + example('buffering') + example('canary'));
  for (const host of ['buffered.example.com', 'canary.example.com']) assert.equal((await own.ask(host, '/')).status, 200);
  assert.deepEqual(
    (await own.finish()).map(({ host }) => host),
    ['canary.example.com'],
  );
});
