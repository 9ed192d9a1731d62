import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { hashSync } from 'bcryptjs';
import { forwardTo, ingress, opaqueSecret, service, serviceGrant, smartProxyConfig, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { TestBrowser } from '../../tools/oidc/test-browser.ts';
import { TestProvider } from '../../tools/oidc/test-provider.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate, type TestCertificate } from '../../tools/test-certificate.ts';

const fingerprint = ({ cert }: TestCertificate): string => new X509Certificate(cert).fingerprint256;

/** Objects of the installation, in a namespace that no route is in. */
function ofInstallation(json: string): string {
  return json.replaceAll('"namespace":"default"', '"namespace":"system"');
}

const route = (name: string, to: string, policy?: object): string =>
  smartRoute(name, { hosts: [`${name}.test`], policy, http: { rules: [{ name: 'all', action: forwardTo(to) }] } });

/** What SmartProxyConfig and SmartRoutes say of what they refer to. */
function references(program: Program): readonly string[] {
  const { smartProxyConfigs, smartRoutes } = program.translation;
  return [...smartProxyConfigs, ...smartRoutes].flatMap(({ object, conditions }) =>
    conditions.filter(({ type }) => type === 'ResolvedRefs').map(({ reason }) => `${object.kind} ${object.name} ${reason}`),
  );
}

/** A server over TLS that tells which names and client certificates it has seen. */
async function secureServer(own: TestCertificate, client: TestCertificate, t: TestContext) {
  const seen: (readonly [name: string | undefined, client: string | undefined])[] = [];
  const server = createServer({ ...own, ca: [client.cert], requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const socket = request.socket as TLSSocket & { servername?: string | false };
    seen.push([socket.servername || undefined, socket.getPeerX509Certificate()?.fingerprint256]);
    response.end('secure');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, port: (server.address() as AddressInfo).port };
}

describe('defaults of a SmartProxyConfig that name Secrets of its own namespace', () => {
  it('backends are verified by the CA of policy.backend.tls and shown its certificate, field by field where a route says its own', async (t) => {
    const [own, client, other] = [
      await makeTestCertificate('backend.internal'),
      await makeTestCertificate('client'),
      await makeTestCertificate('other.internal'),
    ];
    const { seen, port } = await secureServer(own, client, t);
    await using plain = await NamedBackend.start('plain');
    const tls = { serverName: 'backend.internal', caRef: { name: 'ca' }, clientCertificateRef: { name: 'client' } };
    const config = smartProxyConfig({ defaults: { policy: { backend: { protocol: 'HTTPS', tls } } } });
    const ca = ofInstallation(opaqueSecret('ca', { 'ca.crt': own.cert }));
    const objects =
      ofInstallation(config + tlsSecret('client', client)) +
      opaqueSecret('own-ca', { 'ca.crt': own.cert }) +
      opaqueSecret('other-ca', { 'ca.crt': other.cert }) +
      service('secure', port) +
      service('plain', plain.port) +
      route('silent', 'secure') +
      route('plain', 'plain', { backend: { protocol: 'HTTP' } }) +
      route('name', 'secure', { backend: { tls: { serverName: 'other.internal' } } }) +
      route('wrong', 'secure', { backend: { tls: { caRef: { name: 'other-ca' } } } }) +
      route('own', 'secure', { backend: { tls: { caRef: { name: 'own-ca' } } } }) +
      ingress('silent', { rules: { 'ingress.test': [['/', 'Prefix', 'secure']] } }) +
      ingress('wrong', {
        rules: { 'wrong-ingress.test': [['/', 'Prefix', 'secure']] },
        annotations: { 'smartproxy.dev/backend-tls-ca-secret': 'other-ca' },
      });
    await using program = await Program.start(objects + ca, ['--default-backend=default/secure:web', '--retries=0']);
    assert.deepEqual(program.problems, []);
    const statuses = async (): Promise<Record<string, number>> => {
      const found: Record<string, number> = {};
      for (const name of ['silent', 'ingress', 'nobody', 'own', 'plain', 'name', 'wrong', 'wrong-ingress'])
        found[name] = (await program.ask(`${name}.test`, '/')).status;
      return found;
    };
    const refused = { name: 502, wrong: 502, 'wrong-ingress': 502 };
    const working = { silent: 200, ingress: 200, nobody: 200, own: 200, plain: 200, ...refused };
    assert.deepEqual(await statuses(), working);
    assert.deepEqual(seen, Array(4).fill(['backend.internal', fingerprint(client)]));

    await program.remove('Secret', 'system/ca');
    const closed = { silent: 503, ingress: 503, nobody: 503, name: 503 };
    assert.deepEqual(await statuses(), { ...working, ...closed });
    assert.deepEqual(
      program.translation.problems.map(({ object, reason, field }) => `${object.kind} ${reason} ${field}`),
      ['SmartProxyConfig SecretNotFound spec.defaults.policy.backend.tls.caRef'],
    );
    assert.ok(references(program).every((text) => text.endsWith(text.includes('Config') ? ' SecretNotFound' : ' ResolvedRefs')));

    await program.apply(ofInstallation(opaqueSecret('ca', { 'ca.crt': other.cert })));
    assert.deepEqual(await statuses(), { ...working, silent: 502, ingress: 502, nobody: 502 });
    await program.apply(ca);
    assert.deepEqual(await statuses(), working);
    await program.remove('Secret', 'system/client');
    assert.deepEqual(await statuses(), { ...working, ...closed, own: 503, wrong: 503, 'wrong-ingress': 503 });
  });

  it('policy.auth asks everybody, but where a route says otherwise, and never a CA or what passes through', async (t) => {
    await using plain = await NamedBackend.start('plain');
    const tlsBackend = await secureServer(await makeTestCertificate('passed.test'), await makeTestCertificate('client'), t);
    const errorPages = [{ statuses: [401], text: 'who are you?' }];
    const config = smartProxyConfig({ defaults: { policy: { auth: { basic: { secretRef: { name: 'users' } } }, errorPages } } });
    const users = ofInstallation(opaqueSecret('users', { auth: `ada:${hashSync('sesame', 4)}\n` }));
    const atPath = (path: string) => [{ path: { type: 'Prefix', value: path } }];
    const mixed = smartRoute('mixed', {
      hosts: ['mixed.test'],
      http: {
        rules: [
          { name: 'open', matches: atPath('/open'), policy: { auth: { none: {} } }, action: forwardTo('plain') },
          { name: 'away', matches: atPath('/away'), action: { redirect: { host: 'x.test' } } },
          { name: 'all', action: forwardTo('plain') },
        ],
      },
    });
    const at = (name: string, annotations: Readonly<Record<string, string>> = {}, more = {}): string =>
      ingress(name, {
        rules: { [`${name}.test`]: [['/', 'Prefix', 'plain']] },
        annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`smartproxy.dev/${key}`, value])),
        ...more,
      });
    const solver = ingress('solver', {
      rules: { 'silent.test': [['/.well-known/acme-challenge/token', 'Exact', 'plain']] },
    }).replace('"name":"solver"', '"name":"solver","labels":{"acme.cert-manager.io/http01-solver":"true"}');
    const passed = ingress('passed', {
      rules: { 'passed.test': [['/', 'Prefix', 'secure']] },
      annotations: { 'smartproxy.dev/tls-passthrough': 'true' },
    });
    const objects =
      ofInstallation(config) +
      tlsSecret('tls', await makeTestCertificate('secure.test')) +
      opaqueSecret('own-users', { auth: `bob:${hashSync('salam', 4)}\n` }) +
      service('plain', plain.port) +
      service('secure', tlsBackend.port) +
      mixed +
      at('silent') +
      at('open', { 'enable-global-auth': 'false' }) +
      at('unread', { 'enable-global-auth': 'no' }) +
      at('own', { 'auth-secret': 'own-users' }) +
      at('lost', { 'auth-signin': 'http://login.test/' }) +
      at('secure', {}, { tls: [{ hosts: ['secure.test'], secret: 'tls' }] }) +
      solver +
      passed;
    await using program = await Program.start(objects + users, ['--default-backend=default/plain:web']);
    assert.deepEqual(program.problems, ['InvalidAnnotation', 'InvalidAnnotation']);
    const as = (who: string) => ({ headers: { authorization: `Basic ${Buffer.from(who).toString('base64')}` } });
    /** The status for nobody, for a user of the installation, and for one of the namespace. */
    const statuses = async (host: string, path = '/', tls = false): Promise<string> => {
      const asked = [];
      for (const options of [{}, as('ada:sesame'), as('bob:salam')])
        asked.push((await program.ask(host, path, { ...options, tls })).status);
      return asked.join();
    };
    const challenge = '/.well-known/acme-challenge/token';
    const all = async () => ({
      silent: await statuses('silent.test'),
      mixed: await statuses('mixed.test'),
      away: await statuses('mixed.test', '/away'),
      unread: await statuses('unread.test'),
      nobody: await statuses('nobody.test'),
      secure: await statuses('secure.test', '/', true),
      ownRule: await statuses('mixed.test', '/open'),
      open: await statuses('open.test'),
      own: await statuses('own.test'),
      lost: await statuses('lost.test'),
      toHttps: await statuses('secure.test'),
      challenge: await statuses('silent.test', challenge),
      passedHttp: await statuses('passed.test'),
    });
    const notAsked = {
      ownRule: '200,200,200',
      open: '200,200,200',
      toHttps: '308,308,308',
      challenge: '200,200,200',
      passedHttp: '308,308,308',
    };
    const own = { own: '401,401,200', lost: '503,503,503' };
    const asking = (here: string) => ({
      ...{ silent: here, mixed: here, unread: here, nobody: here, secure: here },
      away: here.replace('200', '302'),
    });
    assert.deepEqual(await all(), { ...asking('401,200,401'), ...notAsked, ...own });
    assert.equal((await program.ask('silent.test', '/')).body, 'who are you?');
    assert.equal((await program.ask('passed.test', '/', { tls: true })).body, 'secure');

    await program.remove('Secret', 'system/users');
    assert.deepEqual(await all(), { ...asking('503,503,503'), ...notAsked, ...own });
    assert.equal((await program.ask('passed.test', '/', { tls: true })).body, 'secure');
    assert.deepEqual(
      program.translation.problems
        .filter(({ reason }) => reason !== 'InvalidAnnotation')
        .map(({ object, reason, field }) => `${object.kind} ${reason} ${field}`),
      ['SmartProxyConfig SecretNotFound spec.defaults.policy.auth.basic.secretRef'],
    );
    assert.deepEqual(references(program), ['SmartProxyConfig main SecretNotFound', 'SmartRoute mixed ResolvedRefs']);
    await program.apply(users);
    assert.equal(await statuses('silent.test'), '401,200,401');
    await program.apply(ofInstallation(opaqueSecret('users', { auth: `bob:${hashSync('salam', 4)}\n` })));
    assert.equal(await statuses('silent.test'), '401,401,200', 'a list that changed holds');
    await program.apply(ofInstallation(smartProxyConfig({})));
    assert.equal(await statuses('silent.test'), '200,200,200');
  });

  it('policy.auth.external asks a Service of the installation, and one of another namespace with a ReferenceGrant alone', async () => {
    await using plain = await NamedBackend.start('plain');
    await using decider = await NamedBackend.start('decider');
    const inTools = (yaml: string): string => yaml.replaceAll('namespace: default', 'namespace: tools');
    const external = (namespace?: string) => ({ external: { backend: { name: 'decider', namespace, port: { name: 'web' } } } });
    const config = (namespace?: string): string =>
      ofInstallation(smartProxyConfig({ defaults: { policy: { auth: external(namespace) } } }));
    const objects = service('plain', plain.port) + route('silent', 'plain') + inTools(service('decider', decider.port));
    await using program = await Program.start(objects + config());
    const status = async (): Promise<number> => (await program.ask('silent.test', '/')).status;
    assert.deepEqual([await status(), program.problems], [503, ['ServiceNotFound']], 'it is in another namespace');
    await program.apply(config('tools'));
    assert.deepEqual([await status(), program.problems], [503, ['RefNotPermitted']]);
    await program.apply(ofInstallation(serviceGrant('tools', { kind: 'SmartProxyConfig' })));
    assert.deepEqual([await status(), program.problems], [200, []]);
    assert.equal(decider.seen.length, 1);
  });

  it('policy.auth.oidc sends browsers of every host to log in at one provider', async () => {
    await using plain = await NamedBackend.start('plain');
    const hosts = ['silent.test', 'other.test'];
    await using provider = await TestProvider.start({
      redirectUris: hosts.map((host) => `http://${host}/oauth2/callback`),
      afterLogout: [],
    });
    const secret = opaqueSecret('login', { 'cookie-key': 'k'.repeat(43), 'client-secret': provider.clientSecret });
    const oidc = { issuer: provider.issuer, clientId: 'short', secretRef: { name: 'login' } };
    const config = smartProxyConfig({ defaults: { policy: { auth: { oidc } } } });
    const objects =
      service('plain', plain.port) + route('silent', 'plain') + ingress('other', { rules: { 'other.test': [['/', 'Prefix', 'plain']] } });
    await using program = await Program.start(ofInstallation(config + secret) + objects, ['--allow-local-external-names']);
    assert.deepEqual(program.problems, []);
    const browser = new TestBrowser(Object.fromEntries(hosts.map((host) => [host, () => program.httpPort])));
    for (const host of hosts) {
      assert.equal((await program.ask(host, '/')).status, 302);
      assert.equal((await browser.go(`http://${host}/x`)).body, 'plain');
      assert.equal(browser.cookiesOf(host).length, 1);
    }
  });
});
