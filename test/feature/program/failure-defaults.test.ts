import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { generateKeyPair, SignJWT } from 'jose';
import { metricTable } from '../../../src/observability/metric-table.ts';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/free-port.ts';
import { forwardTo, ingressClass, opaqueSecret, service, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { fleetOfWorker, metricSource } from '../../tools/metric-source.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { type AskOptions, Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

/** A series as `/metrics` has it, and by how much one request moves it. */
type Moved = readonly [metric: string, ...labels: string[]];

/** The value of a series of a program; 0 when it has none. */
function seriesOf(program: Program, [name, ...labels]: Moved): number {
  const source = metricSource(fleetOfWorker(program.dataPlane.counters));
  const problems: Record<string, number> = {};
  for (const reason of program.problems) problems[reason] = (problems[reason] ?? 0) + 1;
  const spec = metricTable.find((row) => row.name === name);
  if (spec?.read === undefined || spec.type === 'histogram') throw new Error(`There is no series ${name}`);
  const samples = spec.read({ ...source, controller: { ...source.controller, problems } });
  return samples.find((sample) => sample.labels.join() === labels.join())?.value ?? 0;
}

// The rows of "What holds when something is missing" in docs/security.md, one by one.
describe('what is missing or away, objects in and real sockets out', () => {
  let backend: NamedBackend;
  let dead: number;
  let token: string;
  let program: Program;

  before(async () => {
    backend = await NamedBackend.start('a');
    dead = await freePort();
    const { privateKey } = await generateKeyPair('ES256');
    token = await new SignJWT({ sub: 'ada' })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .setIssuer('i')
      .setExpirationTime('1h')
      .sign(privateKey);
    const url = `http://127.0.0.1:${dead}/`;
    const away = { name: 'dead', port: { name: 'web' } };
    const route = (name: string, policy: object, to = 'a', more: object = {}): string =>
      smartRoute(name, { hosts: [`${name}.example.com`], policy, http: { rules: [{ name: 'all', action: forwardTo(to) }] }, ...more });
    const clientAuth = { mode: 'Required', caRef: { name: 'missing' } };
    const objects =
      ingressClass +
      service('a', backend.port) +
      service('dead', dead) +
      service('empty') +
      tlsSecret('tls', await makeTestCertificate('mutual.example.com')) +
      tlsSecret('fallback', await makeTestCertificate('fallback.example.com')) +
      opaqueSecret('login', { 'cookie-key': 'x'.repeat(43) }) +
      route('users', { auth: { basic: { secretRef: { name: 'missing' } } } }) +
      route('service', {}, 'missing') +
      route('endpoints', {}, 'empty') +
      route('ca', { backend: { protocol: 'HTTPS', tls: { caRef: { name: 'missing' } } } }) +
      route('mutual', {}, 'a', { tls: { mode: 'Terminate', certificate: { secretRef: { name: 'tls' } }, clientAuth } }) +
      route('certificate', {}, 'a', { tls: { mode: 'Terminate', certificate: { secretRef: { name: 'missing' } } } }) +
      route('keys', { auth: { jwt: { issuer: 'i', jwks: { url } } } }) +
      route('decider', { auth: { external: { url } } }) +
      route('open', { auth: { external: { url, failOpen: true } } }) +
      route('login', { auth: { oidc: { issuer: url, clientId: 'c', secretRef: { name: 'login' } } } }) +
      route('rates', { rateLimits: [{ requests: 2, per: 'Hour' }] }) +
      route('mirror', { mirror: { backend: away } }) +
      route('page', { errorPages: [{ statuses: [503], backend: away }] }, 'missing') +
      route('list', { clients: { allow: ['10.0.0.0/33'] } });
    const flags = [
      '--allow-local-external-names',
      '--default-certificate',
      'default/fallback',
      '--retries',
      '0',
      '--redis-url',
      `redis://127.0.0.1:${await freePort()}`,
    ];
    program = await Program.start(objects, flags);
  });

  after(async () => {
    await program[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
  });

  /** What a request of a route is answered, and that it moves these series. */
  async function answers(name: string, status: number, moved: readonly Moved[], options: AskOptions = {}): Promise<string> {
    const before = moved.map((series) => seriesOf(program, series));
    const seen = backend.seen.length;
    const answer = await program.ask(`${name}.example.com`, '/', options);
    assert.equal(answer.status, status);
    assert.equal(backend.seen.length, seen + (status === 200 ? 1 : 0));
    for (const [index, series] of moved.entries())
      await eventually(series.join(' '), () => seriesOf(program, series) > (before[index] ?? 0));
    return answer.body;
  }
  const told = (reason: string): void => assert.ok(seriesOf(program, ['smartproxy_problems', reason]) > 0, reason);
  const noService: Moved = ['networkproxy_responses_total', 'no_service'];

  it('without the Secret of its users nobody is let in', async () => {
    await answers('users', 503, [noService]);
    told('SecretNotFound');
  });

  it('without the Service, or without an endpoint, the answer is 503', async () => {
    await answers('service', 503, [noService]);
    told('ServiceNotFound');
    await answers('endpoints', 503, [['networkproxy_responses_total', 'no_endpoints']]);
    told('NoEndpoints');
  });

  it('without the CA of a backend it gets nothing', async () => {
    await answers('ca', 503, [noService]);
    told('SecretNotFound');
  });

  it('without the CA of clients nobody is served', async () => {
    await answers('mutual', 503, [['networkproxy_responses_total', 'auth_unavailable']], { tls: true });
    told('SecretNotFound');
  });

  it('without its certificate a host is served with the default one', async () => {
    assert.equal(await answers('certificate', 200, [], { tls: true }), 'a');
    told('SecretNotFound');
  });

  it('while there are no keys of an issuer nobody is let in by a token', async () => {
    const moved: readonly Moved[] = [
      ['networkproxy_auth_total', 'jwt', 'unavailable'],
      ['networkproxy_auth_key_fetches_total', 'failed'],
      ['networkproxy_responses_total', 'auth_unavailable'],
    ];
    await answers('keys', 503, moved, { headers: { authorization: `Bearer ${token}` } });
  });

  it('while the server that decides is away nobody is let in, unless the route says so', async () => {
    await answers('decider', 503, [['networkproxy_auth_total', 'external', 'unavailable']]);
    assert.equal(await answers('open', 200, [['networkproxy_auth_total', 'external', 'failed_open']]), 'a');
  });

  it('while the login provider is away nobody new is let in', async () => {
    await answers('login', 503, [['networkproxy_auth_total', 'oidc', 'unavailable']]);
  });

  it('while Redis is away the rate of the pod holds', async () => {
    const skipped: Moved = ['networkproxy_redis_requests_total', 'skipped'];
    for (let n = 0; n < 2; n++) assert.equal(await answers('rates', 200, [skipped]), 'a');
    await answers('rates', 429, [['networkproxy_responses_total', 'rate_limited']]);
    assert.equal(seriesOf(program, ['networkproxy_redis_connected_workers']), 0);
  });

  it('a mirror that is away costs no request anything', async () => {
    assert.equal(await answers('mirror', 200, [['networkproxy_mirrored_requests_total', 'failed']]), 'a');
  });

  it('while the Service of error pages is away clients get the status with a line of text', async () => {
    assert.match(await answers('page', 503, [['networkproxy_upstream_connect_failures_total']]), /^503 /);
  });

  it('a list of clients that can not be read lets nobody in', async () => {
    await answers('list', 503, [noService]);
    told('InvalidAddress');
  });
});
