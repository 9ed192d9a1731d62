import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  config,
  ingress,
  ingressClass,
  issued,
  pebbleCa,
  pebbleIssuer,
  smartRoute,
  startPebble,
  written,
} from '../tools/acme/program-kit.ts';
import { freePort } from '../tools/free-port.ts';
import { get } from '../tools/get.ts';
import { startRun, temporaryFolder } from '../tools/running-command.ts';

test('an issuer that proves names over TLS needs no port 80, behind client certificates too', async (t) => {
  const tlsPort = await freePort();
  // Nobody listens where it would look over HTTP.
  const { pebble } = await startPebble(t, { httpPort: 1, tlsPort });
  const folder = await temporaryFolder(t);
  // Strict: what the look of our own does not see is not ordered.
  const issuer = pebbleIssuer(pebble, { challenge: 'tls-alpn-01', selfCheck: 'Strict' });
  const guarded = { 'smartproxy.dev/auth-tls-secret': 'pebble-ca', 'smartproxy.dev/allowlist-source-range': '192.0.2.0/24' };
  await written(
    folder,
    ingressClass,
    config(issuer),
    pebbleCa(pebble),
    ingress('guarded.test', 'pebble', guarded),
    smartRoute('route.test', 'pebble'),
  );
  const command = await startRun(t, ['--manifests', folder, '--acme', `--https-port=${tlsPort}`], 2);
  await issued(command, tlsPort, 'route.test');
  assert.equal((await get(tlsPort, 'route.test', '/', await pebble.root(0))).body, 'served');
  const status = await command.port('status');
  await command.until(async () => (await get(status, 'localhost', '/metrics')).body.includes('attempts_total{result="issued"} 2'));
  assert.equal(pebble.issued, 2);
});

test('without a listener of HTTP names are proven over TLS by themselves', async (t) => {
  const tlsPort = await freePort();
  const { pebble } = await startPebble(t, { httpPort: 1, tlsPort });
  const folder = await temporaryFolder(t);
  const issuer = pebbleIssuer(pebble);
  await written(folder, ingressClass, config(issuer), pebbleCa(pebble), smartRoute('alone.test', 'pebble'));
  const command = await startRun(t, ['--manifests', folder, '--acme', '--http-port=off', `--https-port=${tlsPort}`], 1);
  await issued(command, tlsPort, 'alone.test');
});
