import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, createSecureContext } from 'node:tls';
import { residentKib } from '../../tools/idle-connections.ts';
import { manyCertificates, withHosts } from '../../tools/many-certificates.ts';
import { supervisedWorkers } from '../../tools/supervised-workers.ts';
import { tinyTable } from '../../tools/tiny-table.ts';
import { httpsListener } from '../../tools/tiny-tls-table.ts';

/** More than the 2,000 contexts that a worker keeps, so that every handshake of a round makes one anew and lets one go. */
const count = 2500;
const atATime = 16;
/** One context for all clients: it would be made for each. */
const secureContext = createSecureContext({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' });

/** The name of the certificate that a server name is shown. */
function shown(port: number, servername: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false, secureContext }, () => {
      resolve(socket.getPeerX509Certificate()?.subjectAltName);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

test('one worker shows thousands of certificates, each to its host, and its memory stays where the bound of its contexts has it', async (context) => {
  const certificates = await manyCertificates(count);
  const { supervisor, port } = await supervisedWorkers(context, { config: { workers: 1 }, listeners: [httpsListener] });
  const table = tinyTable({ backends: [], listeners: [httpsListener] });
  supervisor.publish(withHosts(certificates, table));
  await supervisor.applied();
  const [worker] = supervisor.workers;
  assert.ok(worker?.pid !== undefined);
  const rounds: number[] = [residentKib(worker.pid)];
  for (let round = 0; round < 2; round++) {
    const left = certificates.map(({ key }) => key);
    const visit = async () => {
      for (let name = left.pop(); name !== undefined; name = left.pop()) assert.equal(await shown(port, name), `DNS:${name}`);
    };
    await Promise.all(Array.from({ length: atATime }, visit));
    rounds.push(residentKib(worker.pid));
  }
  const [atRest = 0, full = 0, again = 0] = rounds;
  context.diagnostic(`${count} certificates: ${rounds.map((kib) => Math.round(kib / 1024)).join(', ')} MiB at rest and after each round`);
  assert.ok(full - atRest < 2000 * 100, `${full - atRest} KiB for 2,000 contexts`);
  // Contexts that wait for V8 to free them were 1.42 times as much.
  assert.ok(again < full * 1.25, `${again} KiB after ${full} KiB`);
  const { tlsHandshakes, tlsTerminated, tlsContexts, tlsContextsMade } = (await supervisor.totals()).totals;
  assert.equal(tlsContexts, 2000);
  assert.ok(tlsContextsMade > count, `${tlsContextsMade} contexts were made`);
  assert.equal(tlsTerminated, 2 * count);
  assert.equal(
    tlsHandshakes.reduce((sum, some) => sum + some, 0),
    2 * count,
  );
});
