import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { ingress, ingressClass, service, tlsSecret } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate, type TestCertificate } from '../../tools/test-certificate.ts';

const host = 'shop.example.com';
const other = 'other.example.com';
const rules = (name: string, hostName: string, secret: string): string =>
  ingress(name, { rules: { [hostName]: [['/', 'Prefix', 'a']] }, tls: [{ hosts: [hostName], secret }] });
const fingerprint = ({ cert }: TestCertificate): string => new X509Certificate(cert).fingerprint256;

async function secure(program: Program, servername: string, session?: Buffer): Promise<TLSSocket> {
  const options = session === undefined ? {} : { session };
  const socket = connect({ host: '127.0.0.1', port: program.httpsPort, servername, rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

/** The certificate that a name is shown; undefined: the handshake was refused. */
async function shown(program: Program, servername: string): Promise<string | undefined> {
  try {
    const socket = await secure(program, servername);
    const certificate = socket.getPeerX509Certificate();
    socket.destroy();
    return certificate?.fingerprint256;
  } catch {
    return undefined;
  }
}

describe('certificates, Secrets in and handshakes out', () => {
  let backend: NamedBackend;
  let services: string;
  let first: TestCertificate;
  let second: TestCertificate;

  before(async () => {
    backend = await NamedBackend.start('a');
    services = ingressClass + service('a', backend.port);
    [first, second] = [await makeTestCertificate(host), await makeTestCertificate(host)];
  });

  after(() => backend[Symbol.asyncDispose]());

  it('a Secret that an edit breaks keeps its old certificate serving and is reported; mended it counts, deleted it is gone', async () => {
    await using program = await Program.start(services + tlsSecret('tls', first) + rules('one', host, 'tls'));
    const live = await secure(program, host);
    for (const broken of [
      { cert: 'not PEM', key: 'not PEM' },
      { cert: first.cert, key: second.key },
      { cert: '', key: '' },
    ]) {
      await program.apply(tlsSecret('tls', broken));
      assert.deepEqual(program.problems, ['SecretInvalid']);
      assert.match(program.translation.problems[0]?.message ?? '', /default\/one.*Secret default\/tls.*keep the certificate/);
      assert.equal(await shown(program, host), fingerprint(first));
      // Other changes meanwhile do not end it.
      await program.apply(ingress('more', { rules: { 'more.example.com': [['/', 'Prefix', 'a']] } }));
      await program.remove('Ingress', 'default/more');
      assert.equal(await shown(program, host), fingerprint(first));
    }
    await program.apply(tlsSecret('tls', second));
    assert.deepEqual(program.problems, []);
    assert.equal(await shown(program, host), fingerprint(second));
    live.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assert.match(String(((await once(live, 'data')) as [Buffer])[0]), /^HTTP\/1\.1 200 /, 'the connection from before all this lives');
    live.destroy();
    await program.remove('Secret', 'default/tls');
    assert.equal(await shown(program, host), undefined);
  });

  it('a host does not keep the certificate of a Secret that nothing refers to, nor of one that is now for another name', async () => {
    const objects = services + tlsSecret('tls', first) + rules('one', host, 'tls');
    await using program = await Program.start(objects);
    await program.apply(tlsSecret('tls', await makeTestCertificate(other)));
    assert.deepEqual(program.problems, ['CertificateHostMismatch']);
    assert.equal(await shown(program, host), undefined);
    await program.apply(tlsSecret('tls', first));
    assert.equal(await shown(program, host), fingerprint(first));
    await program.apply(rules('one', host, 'none'));
    await program.apply(tlsSecret('tls', { cert: 'not PEM', key: 'not PEM' }));
    assert.equal(await shown(program, host), undefined);
  });

  it('a server name counts in any case; an unknown one gets the default certificate, or is refused without one', async () => {
    const objects = services + tlsSecret('tls', first) + rules('one', host, 'tls');
    await using program = await Program.start(objects);
    assert.equal(await shown(program, 'SHOP.Example.COM'), fingerprint(first));
    assert.equal(await shown(program, 'unknown.example.com'), undefined);
    const spare = await makeTestCertificate('spare.example.com');
    await using withDefault = await Program.start(objects + tlsSecret('spare', spare), ['--default-certificate', 'default/spare']);
    assert.equal(await shown(withDefault, host), fingerprint(first));
    assert.equal(await shown(withDefault, 'unknown.example.com'), fingerprint(spare));
  });

  it('a TLS session resumes for its own host and not for another', async () => {
    const third = await makeTestCertificate(other);
    const objects =
      services + tlsSecret('tls', first) + tlsSecret('other', third) + rules('one', host, 'tls') + rules('two', other, 'other');
    await using program = await Program.start(objects);
    const opening = await secure(program, host);
    const session = new Promise<Buffer>((resolve) => opening.once('session', resolve));
    opening.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const ticket = await session;
    opening.destroy();
    const again = await secure(program, host, ticket);
    assert.equal(again.isSessionReused(), true);
    again.destroy();
    const elsewhere = await secure(program, other, ticket);
    assert.equal(elsewhere.isSessionReused(), false);
    assert.equal(elsewhere.getPeerX509Certificate()?.fingerprint256, fingerprint(third));
    elsewhere.destroy();
  });
});
