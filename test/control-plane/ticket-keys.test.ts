import assert from 'node:assert/strict';
import { after as afterAll, before as beforeAll, test } from 'node:test';
import { connect } from 'node:tls';
import type { ApiClient } from '../../src/sources/kubernetes/api-client.ts';
import { renderedChart } from '../tools/chart.ts';
import type { ControlPlane } from '../tools/control-plane.ts';
import { eventually } from '../tools/eventually.ts';
import { get } from '../tools/get.ts';
import { helmUnavailable } from '../tools/helm-kubectl.ts';
import { account, own, startInstalledPlane } from '../tools/installed-plane.ts';
import { type AnyObject, create, hostTo, ingress, namespace, patch, read } from '../tools/objects.ts';
import { startRun } from '../tools/running-command.ts';
import { kubectlWith, objectsIn } from '../tools/shipped-manifests.ts';
import { makeTestCertificate } from '../tools/test-certificate.ts';

const host = 'web.test';
const name = 'smartproxy-ingress-ticket-keys';
const keys: AnyObject = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: own, name } };
const replaced = 'shared keys of TLS session tickets replaced';

let plane: ControlPlane;
let admin: ApiClient;

beforeAll(async () => {
  plane = await startInstalledPlane();
  admin = plane.client();
});

afterAll(async () => {
  admin?.close();
  await plane?.stop();
});

/** One request over TLS; whether the session was resumed, and the ticket for the next one. */
function visit(port: number, session?: Buffer): Promise<{ readonly resumed: boolean; readonly ticket: Buffer | undefined }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false, ...(session && { session }) });
    let ticket: Buffer | undefined;
    socket.on('session', (latest: Buffer) => {
      ticket = latest;
    });
    socket.once('error', reject);
    socket.once('data', () => {
      resolve({ resumed: socket.isSessionReused(), ticket });
      socket.destroy();
    });
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  });
}

test('a TLS session of one replica resumes in the other, with keys of a Secret that the leader made', {
  skip: helmUnavailable() ?? false,
}, async (t) => {
  const { cert, key } = await makeTestCertificate(host);
  await create(admin, namespace('default')).catch(() => undefined);
  const metadata = { namespace: 'default', name: 'web-tls' };
  await create(admin, {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata,
    stringData: { 'tls.crt': cert, 'tls.key': key },
  });
  await create(admin, ingress('default', 'web', hostTo(host, 'nobody', { tls: [{ hosts: [host], secretName: 'web-tls' }] })));
  const chart = objectsIn(await renderedChart({ ticketKeys: { shared: true } }));
  await kubectlWith(
    plane,
    'apply',
    chart.filter(({ metadata: { name: ofChart } }) => ofChart === name),
  );

  const flags = ['--kubeconfig', plane.kubeconfig(account.token), '--pod-namespace', own, '--drain-delay=off'];
  const start = (pod: string) =>
    startRun(t, [...flags, '--pod-name', pod, '--ticket-key-secret', name, '--ticket-key-rotation=1h', '--log-level=debug'], 1);
  const [one, two] = [await start('one'), await start('two')];
  const [first, second] = [await one.port('https'), await two.port('https')];
  const rotations = () => [...one.log, ...two.log].filter(({ msg }) => msg === replaced).length;
  await eventually('the keys are made, by one of them', () => rotations() === 1, 60_000);

  const resumesIn = async (port: number, ticket: Buffer | undefined) => ticket !== undefined && (await visit(port, ticket)).resumed;
  for (const [from, to] of [
    [first, second],
    [second, first],
  ] as const) {
    await eventually('both have them', async () => resumesIn(to, (await visit(from)).ticket), 60_000);
  }

  // An hour passes.
  const { ticket } = await visit(first);
  const before = ((await read(admin, keys)) as { data?: Record<string, string> }).data ?? {};
  await patch(admin, keys, { stringData: { 'rotated-at': new Date(Date.now() - 3_600_000).toISOString() } });
  await eventually('the keys are rotated', () => rotations() === 2, 60_000);
  const after = ((await read(admin, keys)) as { data?: Record<string, string> }).data ?? {};
  assert.deepEqual([after.previous, after.current], [before.current, before.next]);
  for (const port of [first, second]) assert.equal(await resumesIn(port, ticket), true, 'whether it has heard of the rotation or not');

  const pages: string[] = [];
  for (const command of [one, two]) {
    const debug = await command.port('admin');
    for (const page of ['routes', 'problems', 'config']) pages.push((await get(debug, 'localhost', `/debug/${page}`)).body);
    pages.push((await get(await command.port('status'), 'localhost', '/metrics')).body, command.output, JSON.stringify(command.log));
  }
  const shown = pages.join('\n');
  assert.match(shown, new RegExp(replaced));
  for (const text of [...Object.values(before), ...Object.values(after)].filter((base64) => base64.length === 64)) {
    assert.ok(!shown.includes(text.slice(0, 20)) && !shown.includes(Buffer.from(text, 'base64').toString('hex').slice(0, 20)), 'a key');
  }
  assert.equal(rotations(), 2, 'the other did not rotate them too');
});

test('without the right to write the Secret each replica keeps its own keys, serves, and says what is missing', async (t) => {
  const command = await startRun(t, [
    ...['--kubeconfig', plane.kubeconfig(account.token), '--pod-namespace', own, '--drain-delay=off', '--no-leader-election'],
    ...['--ticket-key-secret', 'nobody-made-it'],
  ]);
  await command.port('https');
  const said = () => command.log.find(({ parts }) => Array.isArray(parts) && parts.includes('ticket keys'));
  await eventually('it says so', () => said() !== undefined, 60_000);
  assert.match(String(said()?.detail), /Cannot create secrets in namespace smartproxy-ingress/);
});
