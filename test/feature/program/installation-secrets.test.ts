import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { forwardTo, ingress, opaqueSecret, service, smartProxyConfig, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
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
});
