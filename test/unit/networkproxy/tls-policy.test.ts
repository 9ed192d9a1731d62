import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { distinguishedName } from '../../../src/networkproxy/tls/client-certificate.ts';
import type { ClientCertificateRule } from '../../../src/routes/policy.ts';
import type { HostTls, TlsPolicy } from '../../../src/routes/route-table.ts';
import { Backend, hello } from '../../feature/networkproxy/backend.ts';
import { Harness, type HarnessOptions } from '../../feature/networkproxy/harness.ts';
import { Http2Client } from '../../feature/networkproxy/http2-client.ts';
import { RawClient, statusOf } from '../../feature/networkproxy/raw-client.ts';
import { ecCertificate } from '../../tools/table-certificate.ts';
import { TestAuthority } from '../../tools/test-authority.ts';

const terminate = (policy?: TlsPolicy): HostTls => ({ kind: 'terminate', certificates: ['t/a'], ...(policy && { policy }) });
const asks = (isRequired: boolean, more: Partial<ClientCertificateRule> = {}): ClientCertificateRule => ({
  tlsPolicy: isRequired ? 'required' : 'optional',
  isRequired,
  isBroken: false,
  forwardCertificate: false,
  ...more,
});

/** The last session that each client socket got. */
const sessions = new WeakMap<TLSSocket, Buffer>();

describe('TLS by the policy of a host', async () => {
  const authority = await TestAuthority.make('CN=Test CA');
  const others = await TestAuthority.make('CN=Test CA');
  const ada = await authority.issue('CN=ada, O="Example, Inc."');
  const expired = await authority.issue('CN=ada', -60_000);
  const stranger = await others.issue('CN=ada');
  const certificates = [await ecCertificate('t/a', '*.example')];

  const required: TlsPolicy = {
    key: 'required',
    minVersion: 'TLSv1.2',
    alpn: undefined,
    clientAuth: { isRequired: true, ca: authority.ca },
  };
  const optional: TlsPolicy = { ...required, key: 'optional', clientAuth: { isRequired: false, ca: authority.ca } };
  const modern: TlsPolicy = { key: 'modern', minVersion: 'TLSv1.3', alpn: ['http/1.1'], clientAuth: undefined };

  const start = (backend: Backend, more: Partial<HarnessOptions> = {}): Promise<Harness> =>
    Harness.start({
      protocol: 'https',
      certificates,
      ticketKeys: Buffer.alloc(48, 1),
      routes: [
        { host: 'required.example', endpoints: [backend.port], tls: terminate(required), policy: { clientCertificate: asks(true) } },
        {
          host: 'optional.example',
          endpoints: [backend.port],
          tls: terminate(optional),
          policy: { clientCertificate: asks(false, { forwardCertificate: true }) },
        },
        { host: 'modern.example', endpoints: [backend.port], tls: terminate(modern) },
        { host: 'plain.example', endpoints: [backend.port], tls: terminate() },
      ],
      ...more,
    });

  const open = async (harness: Harness, name: string, options: ConnectionOptions = {}): Promise<TLSSocket> => {
    harness.serverName = name;
    const socket = connect({ port: harness.port, host: '127.0.0.1', servername: name, rejectUnauthorized: false, ...options });
    socket.on('session', (session) => sessions.set(socket, session));
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    return socket;
  };
  const request = (host: string, more = ''): string => `GET / HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`;
  /** All that comes; '' when the connection is refused. */
  const ask = async (harness: Harness, name: string, options: ConnectionOptions = {}, host = name, more = ''): Promise<string> => {
    try {
      using client = new RawClient(await open(harness, name, options));
      client.write(request(host, more));
      return await client.untilEnd();
    } catch {
      return '';
    }
  };
  const spoofed = 'SSL-Client-Verify: SUCCESS\r\nSSL-Client-Subject-DN: CN=root\r\nSSL-Client-Cert: x\r\nssl-client-issuer-dn: y\r\n';

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`${maxVersion}: who is required to show a certificate of the CA and does not gets nothing`, async () => {
      await using backend = await Backend.answering(hello);
      await using harness = await start(backend);
      for (const shown of [{}, expired, stranger]) assert.equal(await ask(harness, 'required.example', { maxVersion, ...shown }), '');
      assert.equal(backend.connections, 0);
      assert.match(await ask(harness, 'required.example', { maxVersion, ...ada }, 'required.example', spoofed), /hello$/);
      const received = backend.received.join('');
      assert.match(
        received,
        /\r\nssl-client-verify: SUCCESS\r\nssl-client-subject-dn: O=Example\\, Inc\.,CN=ada\r\nssl-client-issuer-dn: CN=Test CA\r\n/,
      );
      assert.doesNotMatch(received, /CN=root|ssl-client-cert|-dn: y/);
      assert.equal(harness.requests.at(-1)?.user, 'O=Example\\, Inc.,CN=ada');
    });

    it(`${maxVersion}: who may show a certificate is served without one, and not with a wrong one`, async () => {
      await using backend = await Backend.answering(hello);
      await using harness = await start(backend);
      for (const shown of [expired, stranger]) assert.equal(await ask(harness, 'optional.example', { maxVersion, ...shown }), '');
      assert.equal(backend.connections, 0);
      assert.match(await ask(harness, 'optional.example', { maxVersion }, 'optional.example', spoofed), /hello$/);
      assert.match(backend.received.join(''), /\r\nssl-client-verify: NONE\r\n/);
      assert.doesNotMatch(backend.received.join(''), /ssl-client-(?:subject|issuer|cert)|SUCCESS/);
      assert.match(await ask(harness, 'optional.example', { maxVersion, ...ada }), /hello$/);
      const pem = /ssl-client-cert: (\S+)/.exec(backend.received.join(''))?.[1] ?? '';
      assert.equal(decodeURIComponent(pem).replaceAll(/\s/g, ''), ada.cert.replaceAll(/\s/g, ''));
    });
  }

  it('a session of one policy is none under another, and where certificates are asked for there are none', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend);
    const sessionOf = async (name: string, options: ConnectionOptions): Promise<Buffer | undefined> => {
      const socket = await open(harness, name, options);
      using client = new RawClient(socket);
      client.write(request(name));
      await client.untilEnd();
      return sessions.get(socket);
    };
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const session = await sessionOf('plain.example', { maxVersion });
      assert.ok(session);
      assert.equal(await ask(harness, 'required.example', { maxVersion, session }), '');
      const shown = await sessionOf('required.example', { maxVersion, ...ada });
      assert.equal(
        await ask(harness, 'required.example', { maxVersion, ...(shown && { session: shown }) }),
        '',
        'its own session shows nothing either',
      );
    }
    assert.equal(backend.received.join('').split('ssl-client-verify').length - 1, 2);
  });

  it('a connection of one policy does not serve hosts of another, by any version of HTTP: 421', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend);
    for (const [name, host, status] of [
      ['plain.example', 'required.example', 421],
      ['plain.example', 'optional.example', 421],
      ['optional.example', 'required.example', 421],
      ['required.example', 'plain.example', 421],
      ['plain.example', 'modern.example', 421],
      ['plain.example', 'plain.example', 200],
      ['required.example', 'required.example', 200],
    ] as const)
      assert.equal(statusOf(await ask(harness, name, ada, host)), status, `${name} for ${host}`);
    harness.serverName = 'plain.example';
    await using client = await Http2Client.connect(harness.port, 'plain.example');
    assert.equal((await client.ask('/', { authority: 'plain.example' })).status, 200);
    for (const authority of ['required.example', 'modern.example'])
      assert.equal((await client.ask('/', { authority })).status, 421, authority);
  });

  it('a certificate of the CA of a host is none for a route of its wildcard that asks by another', async () => {
    await using backend = await Backend.answering(hello);
    const wide: TlsPolicy = { ...required, key: 'wide', clientAuth: { isRequired: true, ca: others.ca } };
    await using harness = await start(backend, {
      routes: [
        {
          host: 'narrow.example',
          path: '/narrow',
          endpoints: [backend.port],
          tls: terminate(required),
          policy: { clientCertificate: asks(true) },
        },
        {
          host: '*.example',
          endpoints: [backend.port],
          tls: terminate(wide),
          policy: { clientCertificate: asks(true, { tlsPolicy: 'wide' }) },
        },
      ],
    });
    assert.equal(statusOf(await ask(harness, 'narrow.example', ada)), 403);
    assert.equal(statusOf(await ask(harness, 'wide.example', stranger)), 200);
    assert.equal(await ask(harness, 'wide.example', ada), '');
  });

  it('a change of the CA holds for connections that are open, and for new ones', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend);
    using client = new RawClient(await open(harness, 'required.example', ada));
    client.write('GET / HTTP/1.1\r\nHost: required.example\r\n\r\n');
    await client.untilText('hello');
    const changed: TlsPolicy = { ...required, key: 'changed', clientAuth: { isRequired: true, ca: others.ca } };
    harness.change({
      routes: [
        {
          host: 'required.example',
          endpoints: [backend.port],
          tls: terminate(changed),
          policy: { clientCertificate: asks(true, { tlsPolicy: 'changed' }) },
        },
      ],
    });
    client.write(request('required.example'));
    assert.match(await client.untilEnd(), /HTTP\/1\.1 421/);
    assert.equal(await ask(harness, 'required.example', ada), '');
    assert.match(await ask(harness, 'required.example', stranger), /hello$/);
  });

  it('plain HTTP has no certificate: who requires one refuses it, whatever its headers say', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend, { protocol: 'http', config: { trustedProxies: ['127.0.0.0/8'] } });
    const ask = async (host: string): Promise<string> => {
      using client = await RawClient.connect(harness.port);
      client.write(request(host, `X-Forwarded-Proto: https\r\n${spoofed}`));
      return await client.untilEnd();
    };
    assert.equal(statusOf(await ask('required.example')), 403);
    assert.equal(statusOf(await ask('optional.example')), 200);
    assert.doesNotMatch(backend.received.join(''), /SUCCESS|root/);
  });

  it('while the CA can not be had nobody is served', async () => {
    await using backend = await Backend.answering(hello);
    const broken: TlsPolicy = { ...modern, key: 'broken', clientAuth: undefined, alpn: undefined };
    await using harness = await start(backend, {
      routes: [
        {
          host: 'a.example',
          endpoints: [backend.port],
          tls: terminate(broken),
          policy: { clientCertificate: asks(false, { isBroken: true }) },
        },
      ],
    });
    assert.equal(statusOf(await ask(harness, 'a.example', ada)), 503);
    assert.equal(backend.connections, 0);
  });

  it('speaks no older version than the host says, and offers what it says by ALPN', async () => {
    await using backend = await Backend.answering(hello);
    await using harness = await start(backend);
    assert.equal(await ask(harness, 'modern.example', { maxVersion: 'TLSv1.2' }), '');
    const ALPNProtocols = ['h2', 'http/1.1'];
    using modernSocket = new RawClient(await open(harness, 'modern.example', { ALPNProtocols }));
    using plainSocket = new RawClient(await open(harness, 'plain.example', { ALPNProtocols }));
    assert.deepEqual(
      [modernSocket, plainSocket].map(({ socket }) => [(socket as TLSSocket).alpnProtocol, (socket as TLSSocket).getProtocol()]),
      [
        ['http/1.1', 'TLSv1.3'],
        ['h2', 'TLSv1.3'],
      ],
    );
    await assert.rejects(open(harness, 'modern.example', { ALPNProtocols: ['h2'] }));
  });
});

describe('a distinguished name', () => {
  it('is written as RFC 4514 has it, the last part first', () => {
    assert.equal(distinguishedName('C=DE\nO=A\\, B\nCN=ada + OU=x'), 'CN=ada+OU=x,O=A\\, B,C=DE');
    assert.equal(distinguishedName('CN=ada'), 'CN=ada');
  });
});
