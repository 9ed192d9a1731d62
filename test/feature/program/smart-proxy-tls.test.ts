import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { smartProxyConfig, smartRoute, tlsSecret } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

type Version = 'TLSv1.2' | 'TLSv1.3';

describe('TLS of a SmartProxyConfig', () => {
  let certificate: string;

  before(async () => {
    certificate = tlsSecret('tls', await makeTestCertificate('*.example.com'));
  });

  const route = (name: string, tls: object = {}): string =>
    smartRoute(name, {
      hosts: [`${name}.example.com`],
      tls: { mode: 'Terminate', certificate: { secretRef: { name: 'tls' } }, ...tls },
      http: { rules: [{ name: 'all', action: { respond: { status: 200, body: name } } }] },
    });
  const open = async (program: Program, servername: string, maxVersion: Version) => {
    const socket = connect({ port: program.httpsPort, host: '127.0.0.1', servername, rejectUnauthorized: false, maxVersion });
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    return socket;
  };
  /** Versions that a client of each can speak with a name, of all. */
  const spoken = async (program: Program, name: string): Promise<readonly Version[]> => {
    const versions: Version[] = [];
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await open(program, name, version).catch(() => undefined);
      if (socket?.getProtocol() === version) versions.push(version);
      socket?.destroy();
    }
    return versions;
  };
  const both = ['TLSv1.2', 'TLSv1.3'];
  const newest = ['TLSv1.3'];

  it('minVersion is that of hosts whose routes say none, and of names that nobody has, from the next handshake on', async () => {
    const objects = certificate + route('plain') + route('old', { minVersion: 'TLSv1.2' }) + route('alpn', { alpn: ['http/1.1'] });
    const names = ['plain.example.com', 'alpn.example.com', 'nobody.test', 'old.example.com'];
    await using program = await Program.start(smartProxyConfig({}) + objects, ['--default-certificate=default/tls']);
    const all = async () => Promise.all(names.map((name) => spoken(program, name)));
    assert.deepEqual(await all(), [both, both, both, both]);
    const socket = await open(program, 'plain.example.com', 'TLSv1.2');
    let text = '';
    socket.on('data', (data) => (text += String(data)));

    await program.apply(smartProxyConfig({ tls: { minVersion: 'TLSv1.3' } }));
    assert.deepEqual(await all(), [newest, newest, newest, both]);
    assert.deepEqual(program.problems, []);
    socket.write('GET / HTTP/1.1\r\nhost: plain.example.com\r\nconnection: close\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    assert.match(text, /^HTTP\/1\.1 200.*plain$/s, 'who is connected stays');

    await program.apply(smartProxyConfig({}));
    assert.deepEqual(await all(), [both, both, both, both]);
  });

  it('profile Modern speaks TLS 1.3 alone, whatever a route says, which is told', async () => {
    await using program = await Program.start(
      smartProxyConfig({ tls: { profile: 'Intermediate' } }) + certificate + route('plain') + route('old', { minVersion: 'TLSv1.2' }),
    );
    const all = async () => [await spoken(program, 'plain.example.com'), await spoken(program, 'old.example.com')];
    assert.deepEqual([await all(), program.problems], [[both, both], []]);
    await program.apply(smartProxyConfig({ tls: { profile: 'Modern' } }));
    assert.deepEqual([await all(), program.problems], [[newest, newest], ['NoEffect']]);
    await program.apply(smartProxyConfig({}));
    assert.deepEqual([await all(), program.problems], [[both, both], []]);
  });
});
