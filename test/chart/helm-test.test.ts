import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { renderedChart } from '../tools/chart.ts';
import { freePort } from '../tools/free-port.ts';
import { helmUnavailable } from '../tools/helm-kubectl.ts';
import { objectsIn } from '../tools/shipped-manifests.ts';
import { makeTestCertificate } from '../tools/test-certificate.ts';

const skip = helmUnavailable() ?? false;

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the command of the pod that `helm test` starts, with other URLs in place of the Service's. */
async function runPodCommand(urls: readonly string[]): Promise<Outcome> {
  const pod = objectsIn(await renderedChart({})).find(({ kind }) => kind === 'Pod');
  const { containers } = pod!.spec as { readonly containers: readonly { readonly command: readonly string[] }[] };
  const [program, ...args] = containers[0]?.command ?? [];
  assert.equal(program, 'node');
  const own = args.filter((arg) => !arg.includes('.svc:'));
  assert.equal(args.length - own.length, 2);
  const child = spawn(process.execPath, [...own, ...urls], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

async function listening(t: TestContext, server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('helm test: passes when each port gives an HTTP answer, whatever it says', { skip }, async (t) => {
  const plain = await listening(
    t,
    createServer((_, response) => response.writeHead(404).end('no route')),
  );
  const { key, cert } = await makeTestCertificate('svc.test');
  const tls = await listening(
    t,
    createTlsServer({ key, cert }, (_, response) => response.end('ok')),
  );
  const { code, output } = await runPodCommand([`http://127.0.0.1:${plain}/`, `https://127.0.0.1:${tls}/`]);
  assert.equal(code, 0, output);
  assert.match(output, new RegExp(`http://127.0.0.1:${plain}/ answers with 404\nhttps://127.0.0.1:${tls}/ answers with 200\n`));
});

test('helm test: asks the ports that answer it', { skip }, async () => {
  const urlsOf = async (values: object) => {
    const pod = objectsIn(await renderedChart(values)).find(({ kind }) => kind === 'Pod');
    return [...JSON.stringify(pod ?? {}).matchAll(/"(https?:[^"\\]*\.svc:[^"]*)"/g)].map(([, url]) => url);
  };
  const host = 'smartproxy-ingress.smartproxy-ingress.svc';
  assert.deepEqual(await urlsOf({}), [`http://${host}:80/`, `https://${host}:443/`]);
  // Clients that name no host of an Ingress get an alert.
  assert.deepEqual(await urlsOf({ config: { 'unknown-server-name': 'refuse' } }), [`http://${host}:80/`]);
  // A load balancer ends TLS: what comes to that port is plain HTTP.
  const behind = { containerPorts: { https: 'off' }, service: { targetPorts: { https: 'http' } } };
  assert.deepEqual(await urlsOf(behind), [`http://${host}:80/`, `http://${host}:443/`]);
  assert.deepEqual(await urlsOf({ service: { enabled: false } }), []);
});

test('helm test: waits for a Service that is not reached yet', { skip }, async (t) => {
  const port = await freePort();
  const running = runPodCommand([`http://127.0.0.1:${port}/`]);
  const server = createServer((_, response) => response.end('ok'));
  await listening(t, server, port);
  const { code, output } = await running;
  assert.equal(code, 0, output);
});
