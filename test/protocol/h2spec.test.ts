import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { runH2spec } from '../tools/h2spec.ts';
import { ingress, ingressClass, service, tlsSecret } from '../tools/manifests.ts';
import { NamedBackend } from '../tools/named-backend.ts';
import { Program } from '../tools/program.ts';
import { makeTestCertificate } from '../tools/test-certificate.ts';

/** h2spec counts its cases as this many: with fewer it did not run as a whole. */
const allCases = 146;

/** One subtest a case; what the program itself noted about the run is checked at the end. */
async function runAll(t: TestContext, program: Program, port: number, tls: boolean): Promise<void> {
  const cases = await runH2spec(port, { tls });
  assert.equal(cases.length, allCases);
  for (const { name, problem } of cases) {
    await t.test(name, () => assert.equal(problem, undefined));
  }
  await t.test('nothing is left of all connections', async () => {
    await program.dataPlane.drain(5000);
    const { connectionsAccepted, connectionsActive, connectionsClosed, connectedClients, upstreamActive, zombies } =
      program.dataPlane.snapshot();
    assert.ok(connectionsAccepted >= allCases);
    assert.equal(connectionsActive, 0);
    assert.equal(
      connectionsClosed.reduce((sum, count) => sum + count, 0),
      connectionsAccepted,
    );
    assert.deepEqual([connectedClients, upstreamActive, zombies], [0, 0, 0]);
  });
}

describe('h2spec, strict', () => {
  test('over TLS, chosen by ALPN', async (t) => {
    await using backend = await NamedBackend.start('an answer that takes several frames in a window of three bytes');
    const secret = tlsSecret('tls', await makeTestCertificate('localhost'));
    const anyHost = ingress('one', { rules: { '': [['/', 'Prefix', 'a']] } });
    await using program = await Program.start(ingressClass + service('a', backend.port) + secret + anyHost, [
      '--default-certificate',
      'default/tls',
    ]);
    await runAll(t, program, program.httpsPort, true);
  });

  test('over plain TCP with prior knowledge', async (t) => {
    await using backend = await NamedBackend.start('an answer that takes several frames in a window of three bytes');
    const anyHost = ingress('one', { rules: { '': [['/', 'Prefix', 'a']] } });
    await using program = await Program.start(ingressClass + service('a', backend.port) + anyHost, ['--h2c']);
    await runAll(t, program, program.httpPort, false);
  });
});
