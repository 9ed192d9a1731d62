import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { ingress, ingressClass, tlsSecret } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { makeTestCertificate } from '../../tools/test-certificate.ts';

/** The protocol that a client which speaks both is given. */
async function negotiated(flags: readonly string[]): Promise<string | false | null> {
  const objects =
    ingressClass +
    tlsSecret('tls', await makeTestCertificate('shop.example.com')) +
    ingress('one', { rules: { 'shop.example.com': [['/', 'Prefix', 's']] }, tls: [{ hosts: ['shop.example.com'], secret: 'tls' }] });
  await using program = await Program.start(objects, flags);
  const ALPNProtocols = ['h2', 'http/1.1'];
  const socket = connect({
    host: '127.0.0.1',
    port: program.httpsPort,
    servername: 'shop.example.com',
    rejectUnauthorized: false,
    ALPNProtocols,
  });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const { alpnProtocol } = socket;
  socket.destroy();
  return alpnProtocol;
}

test('TLS clients are offered HTTP/2, unless --http2=false', async () => {
  assert.equal(await negotiated([]), 'h2');
  assert.equal(await negotiated(['--http2=false']), 'http/1.1');
  assert.equal(await negotiated(['--no-http2']), 'http/1.1');
});
