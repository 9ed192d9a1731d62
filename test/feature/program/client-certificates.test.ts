import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { eventually } from '../../tools/eventually.ts';
import { forwardTo, ingress, ingressClass, opaqueSecret, service, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';
import { crlPem, TestAuthority } from '../../tools/test-authority.ts';
import { makeTestCertificate, type TestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';

describe('certificates of clients, objects in and real sockets out', () => {
  let backend: NamedBackend;
  let base: string;
  let authority: TestAuthority;
  let ada: TestCertificate;
  let stranger: TestCertificate;

  before(async () => {
    backend = await NamedBackend.start('a');
    authority = await TestAuthority.make('CN=Shop CA');
    ada = await authority.issue('CN=ada');
    stranger = await (await TestAuthority.make('CN=Other CA')).issue('CN=ada');
    base =
      ingressClass +
      service('a', backend.port) +
      tlsSecret('tls', await makeTestCertificate('*.example.com')) +
      opaqueSecret('ca', { 'ca.crt': authority.ca });
  });

  after(() => backend[Symbol.asyncDispose]());

  const route = (name: string, tls: object, more: object = {}, created?: string): string =>
    smartRoute(
      name,
      {
        hosts: [host],
        tls: { mode: 'Terminate', certificate: { secretRef: { name: 'tls' } }, ...tls },
        http: { rules: [{ name: 'all', action: forwardTo('a') }] },
        ...more,
      },
      created,
    );
  const asking = (mode: string, more: object = {}): object => ({ clientAuth: { mode, caRef: { name: 'ca' }, ...more } });
  const seen = (): Readonly<Record<string, unknown>> => backend.seen.at(-1)?.headers ?? {};

  it('asks for certificates of the CA as the route says, and tells the backend', async () => {
    await using program = await Program.start(base + route('shop', asking('Required')), ['--https-redirect=false']);
    assert.deepEqual(program.problems, []);
    await assert.rejects(program.ask(host, '/', { tls: true }));
    await assert.rejects(program.ask(host, '/', { tls: true, certificate: stranger }));
    assert.equal((await program.ask(host, '/')).status, 403);
    assert.equal(backend.seen.length, 0);
    assert.equal((await program.ask(host, '/', { tls: true, certificate: ada, headers: { 'ssl-client-cert': 'x' } })).body, 'a');
    assert.deepEqual(
      ['ssl-client-verify', 'ssl-client-subject-dn', 'ssl-client-issuer-dn', 'ssl-client-cert'].map((name) => seen()[name]),
      ['SUCCESS', 'CN=ada', 'CN=Shop CA', undefined],
    );
    await program.apply(route('shop', asking('Optional', { forwardCertificate: true })));
    assert.equal((await program.ask(host, '/', { tls: true })).body, 'a');
    assert.equal(seen()['ssl-client-verify'], 'NONE');
    await program.ask(host, '/', { tls: true, certificate: ada });
    assert.match(decodeURIComponent(String(seen()['ssl-client-cert'])), /^-----BEGIN CERTIFICATE-----/);
    await assert.rejects(program.ask(host, '/', { tls: true, certificate: stranger }));
  });

  it('routes, counts and decides by what it has seen of certificates, not by what clients say of them', async () => {
    const say = (name: string, value: string): object => ({
      name,
      matches: [{ headers: [{ name: 'SSL-Client-Verify', value }] }],
      action: { respond: { status: 200, body: name } },
    });
    const forged = { 'ssl-client-verify': 'SUCCESS', 'ssl-client-subject-dn': 'CN=eve' };
    const byVerify = { http: { rules: [say('known', 'SUCCESS'), say('unknown', 'NONE'), { name: 'all', action: forwardTo('a') }] } };
    await using program = await Program.start(base + route('shop', asking('Optional'), byVerify));
    const answer = async (certificate?: TestCertificate, headers = forged): Promise<string> =>
      (await program.ask(host, '/', { tls: true, headers, ...(certificate && { certificate }) })).body;
    assert.deepEqual(
      [await answer(), await answer(ada), await answer(ada, { ...forged, 'ssl-client-verify': 'NONE' })],
      ['unknown', 'known', 'known'],
    );
    // Where nobody asks for certificates these are fields as any other: a proxy in front may have asked.
    await program.apply(route('shop', {}, byVerify));
    assert.deepEqual([await answer(), await answer(undefined, { ...forged, 'ssl-client-verify': 'x' })], ['known', 'a']);

    const rateLimits = [{ requests: 1, per: 'Hour', key: { type: 'Header', header: 'SSL-Client-Subject-DN' } }];
    await program.apply(route('shop', asking('Optional'), { policy: { rateLimits } }));
    assert.equal(await answer(ada), 'a');
    assert.match(await answer(ada, { ...forged, 'ssl-client-subject-dn': 'CN=another' }), /^429/);
    assert.equal(await answer(), 'a', 'without one it is the address');
    assert.match(await answer(undefined, { ...forged, 'ssl-client-subject-dn': 'CN=another' }), /^429/);

    const external = { backend: { name: 'a', port: { name: 'web' } } };
    await program.apply(route('shop', asking('Optional'), { policy: { auth: { external } } }));
    const before = backend.seen.length;
    assert.equal(await answer(), 'a');
    assert.deepEqual(
      backend.seen.slice(before).map(({ headers }) => [headers['ssl-client-verify'], headers['ssl-client-subject-dn']]),
      [
        ...[
          ['NONE', undefined],
          ['NONE', undefined],
        ],
      ],
      'the server that decides and the backend',
    );
  });

  it('serves nobody while the CA is missing or broken, and goes by it as soon as it is there', async () => {
    await using program = await Program.start(base + route('shop', asking('Optional')));
    await program.remove('Secret', 'default/ca');
    assert.deepEqual(program.problems, ['SecretNotFound']);
    assert.equal((await program.ask(host, '/', { tls: true, certificate: ada })).status, 503);
    await program.apply(opaqueSecret('ca', { 'ca.crt': 'no certificate' }));
    assert.deepEqual(program.problems, ['SecretInvalid']);
    assert.equal((await program.ask(host, '/', { tls: true, certificate: ada })).status, 503);
    await program.apply(opaqueSecret('ca', { 'ca.crt': authority.ca }));
    assert.equal((await program.ask(host, '/', { tls: true, certificate: ada })).body, 'a');
  });

  it('holds for all of a host, whoever serves it; who wants something else is told, and not served when it is less than he wants', async () => {
    const other = (tls: object): string =>
      route(
        'other',
        tls,
        { http: { rules: [{ name: 'other', matches: [{ path: { type: 'Prefix', value: '/other' } }], action: forwardTo('a') }] } },
        '2026-02-02T00:00:00Z',
      );
    await using program = await Program.start(base + route('shop', asking('Required'), {}, '2026-02-01T00:00:00Z') + other({}));
    assert.deepEqual(program.problems, []);
    await assert.rejects(program.ask(host, '/other', { tls: true }));
    assert.equal((await program.ask(host, '/other', { tls: true, certificate: ada })).body, 'a');
    await program.apply(route('shop', { minVersion: 'TLSv1.3' }, {}, '2026-02-01T00:00:00Z') + other(asking('Required')));
    assert.deepEqual(program.problems, ['TlsPolicyConflict']);
    assert.equal((await program.ask(host, '/other', { tls: true, certificate: ada })).status, 503);
    assert.equal((await program.ask(host, '/', { tls: true })).body, 'a');
  });

  it('by annotations of an Ingress, failing closed where they can not be read', async () => {
    const annotated = (annotations: Readonly<Record<string, string | undefined>>): string =>
      ingress('shop', {
        rules: { [host]: [['/', 'Prefix', 'a']] },
        tls: [{ hosts: [host], secret: 'tls' }],
        annotations: Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`smartproxy.dev/${name}`, String(value)])),
      });
    const all = { 'auth-tls-secret': 'ca', 'auth-tls-pass-certificate-to-upstream': 'true' };
    await using program = await Program.start(base + annotated(all));
    assert.deepEqual(program.problems, []);
    await assert.rejects(program.ask(host, '/', { tls: true }));
    assert.equal((await program.ask(host, '/', { tls: true, certificate: ada })).body, 'a');
    assert.match(decodeURIComponent(String(seen()['ssl-client-cert'])), /^-----BEGIN CERTIFICATE-----/);
    await program.apply(annotated({ ...all, 'auth-tls-verify-client': 'optional' }));
    assert.equal((await program.ask(host, '/', { tls: true })).body, 'a');
    for (const annotations of [
      { ...all, 'auth-tls-verify-client': 'optional_no_ca' },
      { 'auth-tls-secret': 'x/ca' },
      { 'auth-tls-verify-client': 'on' },
    ]) {
      await program.apply(annotated(annotations));
      assert.deepEqual(program.problems, ['InvalidAnnotation'], JSON.stringify(annotations));
      assert.equal((await program.ask(host, '/', { tls: true, certificate: ada })).status, 503, JSON.stringify(annotations));
    }
    await program.apply(annotated({ ...all, 'auth-tls-verify-client': 'off' }));
    assert.equal((await program.ask(host, '/', { tls: true })).body, 'a');
  });

  it('lets no client tell the Service of error pages of a certificate', async () => {
    await using pages = await NamedBackend.start('pages');
    const shop = ingress('shop', {
      rules: { [host]: [['/', 'Prefix', 'none']] },
      tls: [{ hosts: [host], secret: 'tls' }],
      annotations: {
        'smartproxy.dev/auth-tls-secret': 'ca',
        'smartproxy.dev/auth-tls-verify-client': 'optional',
        'smartproxy.dev/custom-http-errors': '503',
        'smartproxy.dev/error-backend': 'pages:web',
      },
    });
    await using program = await Program.start(base + service('none') + service('pages', pages.port) + shop);
    const forged = { 'ssl-client-verify': 'SUCCESS', 'ssl-client-subject-dn': 'CN=admin', 'ssl-client-cert': 'x' };
    assert.equal((await program.ask(host, '/', { tls: true, headers: forged })).body, 'pages');
    const told = Object.keys(pages.seen[0]?.headers ?? {}).filter((name) => name.startsWith('ssl-client'));
    assert.deepEqual(told, []);
  });

  it('by annotations for a host without TLS asks nobody, lets nobody in, and says what is missing', async () => {
    const plain = (name: string, verify: string, tls: Parameters<typeof ingress>[1]['tls'] = []): string =>
      ingress(name, {
        rules: { [host]: [[`/${name}`, 'Prefix', 'a']] },
        tls,
        annotations: { 'smartproxy.dev/auth-tls-secret': 'ca', 'smartproxy.dev/auth-tls-verify-client': verify },
      });
    await using program = await Program.start(base + plain('shop', 'on'));
    const message = (): string => program.translation.problems.map((problem) => problem.message).join();
    assert.match(
      message(),
      /auth-tls-secret\]: host "shop.example.com" has no TLS, so no certificate is asked for, and .* 403; name it in spec\.tls/,
    );
    assert.equal((await program.ask(host, '/shop')).status, 403);
    await program.apply(plain('shop', 'optional'));
    assert.match(message(), /has no TLS, so no certificate is asked for; name it in spec\.tls/);
    await program.apply(plain('shop', 'on') + plain('other', 'on', [{ hosts: [host], secret: 'tls' }]));
    assert.deepEqual(program.problems, [], 'TLS of the host is that of all who share it');
    assert.equal((await program.ask(host, '/shop', { tls: true, certificate: ada })).body, 'a');
  });

  describe('with a list of revoked certificates in ca.crl', () => {
    const shown = async (program: Program, certificate?: TestCertificate): Promise<string> =>
      await program.ask(host, '/', { tls: true, ...(certificate && { certificate }) }).then(
        ({ status, body }) => (status === 200 ? body : String(status)),
        () => 'refused',
      );
    const withList = (crl: string | Buffer): string => opaqueSecret('ca', { 'ca.crt': authority.ca, 'ca.crl': crl });

    for (const mode of ['Required', 'Optional'])
      it(`refuses who is on it (${mode}), in PEM and DER, from when it is there, and again who is taken off`, async () => {
        const eve = await authority.issue('CN=eve');
        await using program = await Program.start(base + route('shop', asking(mode)));
        assert.deepEqual([await shown(program, ada), await shown(program, eve)], ['a', 'a']);
        const withEve = await authority.revoke([eve]);
        for (const crl of [withEve, crlPem(withEve)]) {
          await program.apply(withList(crl));
          assert.deepEqual(program.problems, []);
          assert.deepEqual([await shown(program, ada), await shown(program, eve)], ['a', 'refused']);
          assert.equal(await shown(program), mode === 'Required' ? 'refused' : 'a');
        }
        await program.apply(withList(crlPem(await authority.revoke([]))));
        assert.deepEqual([await shown(program, ada), await shown(program, eve)], ['a', 'a']);
      });

    it('a connection that was made before its certificate was revoked serves no more requests', async () => {
      await using program = await Program.start(base + route('shop', asking('Required')));
      const socket = connect({ port: program.httpsPort, host: '127.0.0.1', servername: host, rejectUnauthorized: false, ...ada });
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk) => (text += chunk));
      socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
      await eventually('the answer', () => /\r\n\r\n(?:1\r\n)?a/.test(text));
      await program.apply(withList(await authority.revoke([ada])));
      socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
      await eventually('the refusal', () => text.includes('HTTP/1.1 421'));
      socket.destroy();
    });

    it('one that is past its time, not valid yet or of another CA refuses every certificate, and is told', async () => {
      await using program = await Program.start(base + route('shop', asking('Optional')));
      const other = await TestAuthority.make('CN=Other CA');
      for (const [crl, reason, words] of [
        [await authority.revoke([], -60_000), 'RevocationListExpired', /was due to be renewed at .*; issue it again/],
        [await authority.revoke([], 7_200_000, 3_600_000), 'RevocationListExpired', /is not valid before/],
        [await other.revoke([]), 'SecretInvalid', /has no list in ca\.crl of the CA "CN=Shop CA"/],
      ] as const) {
        await program.apply(withList(crl));
        assert.deepEqual(program.problems, [reason]);
        assert.match(program.translation.problems[0]?.message ?? '', words);
        assert.equal(program.translation.smartRoutes[0]?.conditions.find(({ type }) => type === 'ResolvedRefs')?.status, 'False');
        assert.deepEqual([await shown(program, ada), await shown(program)], ['refused', 'a']);
      }
      await program.apply(withList(crlPem(await other.revoke([])) + crlPem(await authority.revoke([]))));
      assert.deepEqual(program.problems, []);
      assert.equal(await shown(program, ada), 'a');
    });

    it('one that can not be read lets nobody in, also by an annotation', async () => {
      const annotated = ingress('shop', {
        rules: { [host]: [['/', 'Prefix', 'a']] },
        tls: [{ hosts: [host], secret: 'tls' }],
        annotations: { 'smartproxy.dev/auth-tls-secret': 'ca' },
      });
      const good = await authority.revoke([]);
      for (const object of [route('shop', asking('Optional')), annotated]) {
        await using program = await Program.start(base + object);
        for (const crl of ['', 'x', '0', '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----', good.subarray(0, -9)]) {
          await program.apply(withList(crl));
          assert.deepEqual(program.problems, ['SecretInvalid'], String(crl));
          assert.equal(await shown(program, ada), '503');
        }
        const eve = await authority.issue('CN=eve');
        await program.apply(withList(await authority.revoke([eve])));
        assert.deepEqual([await shown(program, ada), await shown(program, eve)], ['a', 'refused']);
      }
    });
  });

  it('speaks what the route says of version and ALPN', async () => {
    await using program = await Program.start(base + route('shop', { minVersion: 'TLSv1.3', alpn: ['http/1.1'] }));
    assert.deepEqual(program.problems, []);
    const spoken = async (options: ConnectionOptions): Promise<readonly [string | null, string | false | null]> => {
      const socket = connect({ port: program.httpsPort, host: '127.0.0.1', servername: host, rejectUnauthorized: false, ...options });
      await new Promise<void>((resolve, reject) => {
        socket.once('secureConnect', resolve);
        socket.once('error', reject);
      });
      const facts = [socket.getProtocol(), socket.alpnProtocol] as const;
      socket.destroy();
      return facts;
    };
    assert.deepEqual(await spoken({ ALPNProtocols: ['h2', 'http/1.1'] }), ['TLSv1.3', 'http/1.1']);
    await assert.rejects(spoken({ maxVersion: 'TLSv1.2' }));
    await program.apply(route('shop', {}));
    assert.deepEqual(await spoken({ maxVersion: 'TLSv1.2', ALPNProtocols: ['h2', 'http/1.1'] }), ['TLSv1.2', 'h2']);
  });
});
