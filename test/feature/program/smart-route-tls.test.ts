import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { forwardTo, ingress, ingressClass, service, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate, type TestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
const fingerprint = ({ cert }: TestCertificate): string => new X509Certificate(cert).fingerprint256;

/** An object of another namespace, as JSON between document marks. */
function inNamespace(namespace: string, yaml: string): string {
  return yaml.replaceAll('"namespace":"default"', `"namespace":"${namespace}"`).replaceAll('namespace: default', `namespace: ${namespace}`);
}

function grant(namespace: string, kind: string, name?: string, version = 'v1'): string {
  const object = {
    apiVersion: `gateway.networking.k8s.io/${version}`,
    kind: 'ReferenceGrant',
    metadata: { name: `for-${kind.toLowerCase()}s`, namespace },
    spec: { from: [{ group: 'smartproxy.dev', kind: 'SmartRoute', namespace: 'default' }], to: [{ group: '', kind, name }] },
  };
  return `\n${JSON.stringify(object)}\n---`;
}

/** Which certificate a connection with this server name is shown. */
async function certificateFor(program: Program, servername: string): Promise<string> {
  const socket = connectTls({ host: '127.0.0.1', port: program.httpsPort, servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const shown = socket.getPeerX509Certificate()?.fingerprint256 ?? '';
  socket.destroy();
  return shown;
}

describe('SmartRoute over TLS, objects in and handshakes out', () => {
  let plain: NamedBackend;
  let backendPem: TestCertificate;
  let clientPem: TestCertificate;
  let pem: TestCertificate;
  let secure: Server;
  /** Server name and client certificate of each request that the secure backend got. */
  let seen: (readonly [name: string | undefined, client: string | undefined])[];
  let objects: string;

  before(async () => {
    plain = await NamedBackend.start('plain');
    [backendPem, clientPem, pem] = await Promise.all([
      makeTestCertificate(host, 'backend.internal'),
      makeTestCertificate('client'),
      makeTestCertificate(host),
    ]);
    seen = [];
    secure = createServer({ ...backendPem, ca: [clientPem.cert], requestCert: true, rejectUnauthorized: false }, (request, response) => {
      const socket = request.socket as TLSSocket & { servername?: string | false };
      seen.push([socket.servername || undefined, socket.getPeerX509Certificate()?.fingerprint256]);
      response.end('secure');
    });
    secure.listen(0, '127.0.0.1');
    await once(secure, 'listening');
    const { port } = secure.address() as AddressInfo;
    const ca = { 'ca.crt': Buffer.from(backendPem.cert).toString('base64') };
    objects =
      ingressClass +
      service('plain', plain.port) +
      service('secure', port) +
      tlsSecret('tls', pem) +
      tlsSecret('client', clientPem) +
      `\n${JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'ca', namespace: 'default' }, data: ca })}\n---`;
  });

  after(async () => {
    secure.closeAllConnections();
    secure.close();
    await plain[Symbol.asyncDispose]();
  });

  const terminate = { mode: 'Terminate', certificate: { secretRef: { name: 'tls' } } };
  const all = (action: object, more: object = {}): object => ({ hosts: [host], http: { rules: [{ name: 'all', action }] }, ...more });

  it('Terminate shows the certificate of the Secret, and plain HTTP is redirected unless a policy says no, the inner one first', async () => {
    const rules = [
      {
        name: 'plain',
        matches: [{ path: { type: 'Prefix', value: '/plain' } }],
        policy: { redirectToHttps: false },
        action: forwardTo('plain'),
      },
      { name: 'all', action: forwardTo('plain') },
    ];
    await using program = await Program.start(objects + smartRoute('shop', { hosts: [host], tls: terminate, http: { rules } }));
    assert.deepEqual(program.problems, []);
    assert.equal(await certificateFor(program, host), fingerprint(pem));
    assert.equal((await program.ask(host, '/', { tls: true })).body, 'plain');
    assert.equal((await program.ask(host, '/')).status, 308);
    assert.equal((await program.ask(host, '/plain')).body, 'plain');
    const inner = [
      { ...rules[0], policy: {} },
      { ...rules[1], policy: { redirectToHttps: true } },
    ];
    await program.apply(smartRoute('shop', { hosts: [host], tls: terminate, policy: { redirectToHttps: false }, http: { rules: inner } }));
    assert.equal((await program.ask(host, '/')).status, 308);
    assert.equal((await program.ask(host, '/plain')).body, 'plain');
  });

  it('Terminate without a Secret takes a certificate of the namespace that covers the host', async () => {
    const other = smartRoute('other', { ...all({ block: {} }), hosts: ['www.example.com'], tls: terminate });
    await using program = await Program.start(
      objects + other + smartRoute('shop', all(forwardTo('plain'), { tls: { mode: 'Terminate' } })),
    );
    assert.equal(await certificateFor(program, host), fingerprint(pem));
    assert.deepEqual(program.problems, ['CertificateHostMismatch']);
  });

  it('TerminateAndReencrypt speaks TLS to the backend: its certificate is verified, a client certificate is shown', async () => {
    const backend = { tls: { serverName: 'backend.internal', caRef: { name: 'ca' }, clientCertificateRef: { name: 'client' } } };
    const tls = { ...terminate, mode: 'TerminateAndReencrypt' };
    await using program = await Program.start(objects + smartRoute('shop', all(forwardTo('secure'), { tls, policy: { backend } })));
    assert.deepEqual(program.problems, []);
    assert.equal((await program.ask(host, '/', { tls: true })).body, 'secure');
    assert.deepEqual(seen.at(-1), ['backend.internal', fingerprint(clientPem)]);
    const wrong = { tls: { ...backend.tls, serverName: 'other.internal' } };
    await program.apply(smartRoute('shop', all(forwardTo('secure'), { tls, policy: { backend: wrong } })));
    assert.equal((await program.ask(host, '/', { tls: true })).status, 502);
    const missing = { tls: { caRef: { name: 'gone' } } };
    await program.apply(smartRoute('shop', all(forwardTo('secure'), { tls, policy: { backend: missing } })));
    assert.equal((await program.ask(host, '/', { tls: true })).status, 503);
    assert.deepEqual(program.problems, ['SecretNotFound']);
    assert.equal(program.translation.problems[0]?.field, 'spec.policy.backend.tls.caRef');
  });

  it('policy.backend.protocol says what a rule speaks, whatever TLS is in front', async () => {
    const rules = [
      {
        name: 'secure',
        matches: [{ path: { type: 'Prefix', value: '/s' } }],
        policy: { backend: { protocol: 'HTTPS' } },
        action: forwardTo('secure'),
      },
      { name: 'all', action: forwardTo('plain') },
    ];
    const policy = { backend: { protocol: 'HTTP' } };
    await using program = await Program.start(objects + smartRoute('shop', { hosts: [host], policy, http: { rules } }));
    assert.equal((await program.ask(host, '/s')).body, 'secure');
    assert.equal((await program.ask(host, '/')).body, 'plain');
    await program.apply(smartRoute('shop', { hosts: [host], policy: { backend: { protocol: 'H2C' } }, http: { rules } }));
    assert.equal((await program.ask(host, '/')).status, 502);
  });

  it('Passthrough hands the connection to the backend of tcp, which shows its own certificate', async () => {
    const backends = [{ name: 'secure', port: { number: 80 } }];
    const route = (mode: string) => smartRoute('shop', { hosts: [host], tls: { mode }, tcp: { backends } });
    await using program = await Program.start(objects + route('Passthrough'));
    assert.deepEqual(program.problems, []);
    assert.equal(await certificateFor(program, host), fingerprint(backendPem));
    assert.equal((await program.ask(host, '/', { tls: true })).body, 'secure');
    assert.equal((await program.ask(host, '/')).status, 404);
    assert.equal(program.translation.smartRoutes[0]?.backends.length, 1);
  });

  it('of two objects that want TLS of one host differently the oldest has it, and the other is told', async () => {
    const backends = [{ name: 'secure', port: { number: 80 } }];
    const passthrough = { hosts: [host], tls: { mode: 'Passthrough' }, tcp: { backends } };
    const young = smartRoute('young', passthrough, '2026-02-01T00:00:00Z');
    const old = smartRoute('old', all(forwardTo('plain'), { tls: terminate }), '2026-01-01T00:00:00Z');
    await using program = await Program.start(objects + young + old);
    assert.equal((await program.ask(host, '/', { tls: true })).body, 'plain');
    const lost = program.translation.smartRoutes.find(({ object }) => object.name === 'young');
    assert.equal(lost?.conditions[0]?.reason, 'PassthroughConflict');
    assert.match(lost?.conditions[0]?.message ?? '', /SmartRoute default\/old \(older\)/);
    await program.apply(smartRoute('young', passthrough, '2025-01-01T00:00:00Z'));
    assert.equal((await program.ask(host, '/', { tls: true })).body, 'secure');
  });

  it('an Ingress and a SmartRoute share a host: paths of both, and the certificate of the older', async () => {
    const other = await makeTestCertificate(host);
    const rules = [{ name: 'api', matches: [{ path: { type: 'Prefix', value: '/api' } }], action: forwardTo('plain') }];
    await using program = await Program.start(
      objects +
        tlsSecret('other', other) +
        ingress('web', {
          rules: { [host]: [['/', 'Prefix', 'plain']] },
          tls: [{ hosts: [host], secret: 'other' }],
          created: '2026-01-01T00:00:00Z',
        }) +
        smartRoute('api', { hosts: [host], tls: terminate, http: { rules } }, '2026-02-01T00:00:00Z'),
    );
    assert.equal(await certificateFor(program, host), fingerprint(other));
    for (const path of ['/', '/api']) assert.equal((await program.ask(host, path, { tls: true })).body, 'plain');
    assert.deepEqual(program.problems, ['CertificateConflict']);
  });

  it('refers to a Service of another namespace only while a ReferenceGrant there permits it', async () => {
    const action = { forward: { backends: [{ name: 'plain', namespace: 'core', port: { name: 'web' } }] } };
    const route = smartRoute('shop', all(action));
    await using program = await Program.start(ingressClass + inNamespace('core', service('plain', plain.port)) + route);
    const expect = async (status: number, problems: readonly string[]): Promise<void> => {
      assert.equal((await program.ask(host, '/')).status, status);
      assert.deepEqual(program.problems, problems);
    };
    await expect(503, ['RefNotPermitted']);
    await program.apply(grant('other', 'Service'));
    await expect(503, ['RefNotPermitted']);
    await program.apply(grant('core', 'Secret'));
    await expect(503, ['RefNotPermitted']);
    await program.apply(grant('core', 'Service', 'another'));
    await expect(503, ['RefNotPermitted']);
    await program.apply(grant('core', 'Service', 'plain', 'v1beta1'));
    await expect(200, []);
    await program.remove('ReferenceGrant', 'core/for-services');
    await expect(503, ['RefNotPermitted']);
  });

  it('refers to a Service of another namespace for a whole connection only with a ReferenceGrant', async () => {
    const tcp = { backends: [{ name: 'secure', namespace: 'core', port: { name: 'web' } }] };
    const route = smartRoute('shop', { hosts: [host], tls: { mode: 'Passthrough' }, tcp });
    const { port } = secure.address() as AddressInfo;
    await using program = await Program.start(objects + inNamespace('core', service('secure', port)) + route);
    assert.deepEqual(program.problems, ['RefNotPermitted']);
    assert.notEqual(await certificateFor(program, host).catch(() => ''), fingerprint(backendPem));
    await program.apply(grant('core', 'Service', 'secure'));
    assert.equal((await program.ask(host, '/', { tls: true })).body, 'secure');
  });

  it('refers to a Secret of another namespace only with a ReferenceGrant; without it no other certificate is looked for', async () => {
    const tls = { mode: 'Terminate', certificate: { secretRef: { name: 'tls', namespace: 'core' } } };
    const route = smartRoute('shop', all(forwardTo('plain'), { tls }));
    await using program = await Program.start(objects + inNamespace('core', tlsSecret('tls', pem)) + route);
    assert.deepEqual(program.problems, ['RefNotPermitted']);
    assert.deepEqual(program.translation.hostsWithoutCertificate, [host]);
    await program.apply(grant('core', 'Secret'));
    assert.deepEqual(program.problems, []);
    assert.deepEqual(program.translation.referencedSecrets, ['core/tls']);
    assert.equal(await certificateFor(program, host), fingerprint(pem));
  });
});
