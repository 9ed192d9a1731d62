import assert from 'node:assert/strict';
import { cp, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../tools/free-port.ts';
import { get } from '../../tools/get.ts';
import { RunningCommand, startRun, temporaryFolder } from '../../tools/running-command.ts';
import { manifests } from './manifests.ts';

const quickstart = fileURLToPath(new URL('../../../examples/quickstart', import.meta.url));

/** The quickstart with backends on ports that are free now. */
async function quickstartCopy(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  await cp(quickstart, folder, { recursive: true });
  const ports = new Map<string, number>();
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.yaml')) continue;
    const text = await readFile(join(folder, name), 'utf8');
    for (const port of text.match(/\b181\d\d\b/g) ?? []) if (!ports.has(port)) ports.set(port, await freePort());
    await writeFile(
      join(folder, name),
      text.replace(/\b181\d\d\b/g, (port) => String(ports.get(port))),
    );
  }
  return folder;
}

test('run: the quickstart serves both hosts over HTTP and TLS, shows itself, and ends with 0 on SIGTERM', async (t) => {
  const command = await startRun(t, ['--manifests', await quickstartCopy(t), '--echo-backends']);
  const [http, https, status, admin] = [
    await command.port('http'),
    await command.port('https'),
    await command.port('status'),
    await command.port('admin'),
  ];

  await t.test('paths lead to their backends', async () => {
    for (const [path, service] of [
      ['/', 'shop-web'],
      ['/status', 'shop-web'],
      ['/status/x', 'shop-web'],
      ['/cart/1', 'shop-cart'],
    ] as const) {
      const answer = await get(http, 'shop.localhost', path);
      assert.equal(answer.status, 200);
      assert.equal(JSON.parse(answer.body).service, `quickstart/${service}`, path);
    }
  });

  await t.test('TLS is answered with a certificate of the local CA, plain HTTP redirects to it', async () => {
    await command.until(() => command.output.includes('--cacert'));
    const file = /--cacert (\S+)/.exec(command.output)?.[1] ?? '';
    const answer = await get(https, 'api.localhost', '/v2/items', await readFile(file, 'utf8'));
    assert.equal(JSON.parse(answer.body).service, 'quickstart/api-v2');
    const redirect = await get(http, 'api.localhost', '/v2/items?a=b');
    assert.deepEqual([redirect.status, redirect.headers.location], [308, `https://api.localhost:${https}/v2/items?a=b`]);
  });

  await t.test('an unknown host is answered 404', async () => {
    assert.equal((await get(http, 'nowhere.localhost', '/')).status, 404);
  });

  await t.test('the table of routes is printed with health', async () => {
    await command.until(() => /shop\.localhost\s+\/cart\s+-\s+quickstart\/shop-cart:80\s+1\/1 ready/.test(command.output));
    assert.match(command.output, /shop\.localhost\s+\/status \(exact\)\s+-\s+quickstart\/shop-web:80\s+2\/2 ready/);
    assert.match(command.output, /api\.localhost\s+\/v2\s+yes\s+quickstart\/api-v2:80/);
    assert.doesNotMatch(command.output, /Problems/);
  });

  await t.test('health, metrics and debug pages answer', async () => {
    assert.equal((await get(status, 'localhost', '/healthz')).status, 200);
    assert.equal((await get(status, 'localhost', '/readyz')).status, 200);
    const metrics = await get(status, 'localhost', '/metrics');
    assert.match(metrics.body, /^smartproxy_connections_accepted_total \d+$/m);
    assert.match(metrics.body, /route="api"/);
    for (const page of ['routes', 'connections', 'problems', 'config']) {
      const answer = await get(admin, 'localhost', `/debug/${page}`);
      assert.equal(answer.status, 200, page);
      assert.doesNotMatch(answer.body, /PRIVATE KEY/);
      JSON.parse(answer.body);
    }
  });

  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0);
  await assert.rejects(get(http, 'shop.localhost', '/'));
  assert.ok(!JSON.stringify(command.log).includes('PRIVATE KEY'));
});

test('run: edited, added, broken and removed files show at once, in traffic and on the terminal', async (t) => {
  const backend = createHttpServer((_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  t.after(() => backend.close());
  const { port } = backend.address() as { port: number };
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'a.yaml'), manifests('a.localhost', port));
  const command = await startRun(t, ['--manifests', folder]);
  const http = await command.port('http');
  const status = async (host: string) => (await get(http, host, '/')).status;
  await command.until(async () => (await status('a.localhost')) === 200);

  await writeFile(join(folder, 'a.yaml'), manifests('b.localhost', port));
  await command.until(async () => (await status('b.localhost')) === 200);
  assert.equal(await status('a.localhost'), 404);
  await command.until(() => /b\.localhost\s+\//.test(command.output));

  await writeFile(join(folder, 'a.yaml'), 'kind: [Ingress\n');
  await command.until(() => /Problems \(1\):\n {2}a\.yaml:\d+: .*still counts/.test(command.output));
  assert.equal(await status('b.localhost'), 200);

  const other = manifests('c.localhost', port).replaceAll('namespace: test', 'namespace: other');
  await writeFile(
    join(folder, 'c.yaml'),
    other.slice(other.indexOf('---\n')).replace('name: web, port: {number: 80}', 'name: gone, port: {number: 80}'),
  );
  await command.until(() => /c\.yaml:\d+: error: ServiceNotFound: Ingress other\/web,/.test(command.output));
  assert.equal(await status('c.localhost'), 503);

  await unlink(join(folder, 'a.yaml'));
  await command.until(async () => (await status('b.localhost')) === 404);
  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0);
});

test('run: a request that is being answered at SIGTERM is finished, then the exit status is 0', async (t) => {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<() => void>();
  const backend = createHttpServer((_request, response) => arrive(() => response.end('late')));
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  t.after(() => backend.close());
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'a.yaml'), manifests('a.localhost', (backend.address() as { port: number }).port));
  const command = await startRun(t, ['--manifests', folder, '--drain-timeout=20s']);
  const answer = get(await command.port('http'), 'a.localhost', '/');
  const finish = await arrived;
  command.child.kill('SIGTERM');
  await command.until(() => command.log.some(({ msg }) => msg === 'stopping'));
  finish();
  assert.deepEqual([(await answer).status, (await answer).body], [200, 'late']);
  assert.equal(await command.exit(), 0);
});

test('run: readiness goes off at SIGTERM while connections are still accepted for the drain delay', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'a.yaml'), manifests('a.localhost', await freePort()));
  const command = await startRun(t, ['--manifests', folder, '--drain-delay=1h']);
  const [http, status] = [await command.port('http'), await command.port('status')];
  assert.equal((await get(status, 'localhost', '/readyz')).status, 200);
  command.child.kill('SIGINT');
  await command.until(async () => (await get(status, 'localhost', '/readyz')).status === 503);
  assert.equal((await get(http, 'nowhere.localhost', '/')).status, 404);

  // Someone who does not want to wait presses Ctrl-C again.
  await command.until(() => !command.child.kill('SIGINT'));
  assert.equal(await command.exit(), 1);
});

test('run: SIGHUP without a terminal changes nothing, of the program and of its workers', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'a.yaml'), manifests('a.localhost', await freePort()));
  const command = await startRun(t, ['--manifests', folder]);
  const http = await command.port('http');
  const { pid } = command.log.find(({ msg }) => msg === 'worker serves') ?? {};
  for (const each of [command.child.pid, pid]) process.kill(Number(each), 'SIGHUP');
  for (const host of ['b.localhost', 'c.localhost']) {
    await writeFile(join(folder, 'a.yaml'), manifests(host, await freePort()));
    await command.until(async () => (await get(http, host, '/')).status === 502);
  }
  assert.equal(
    command.log.some(({ msg }) => msg === 'worker ended unasked' || msg === 'stopping'),
    false,
  );
  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0);
});

test('run: it goes on serving when whoever read its output and log goes away', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'a.yaml'), manifests('a.localhost', await freePort()));
  const command = await startRun(t, ['--manifests', folder, '--log-level=debug']);
  const http = await command.port('http');
  await command.until(() => command.output.includes('a.localhost'));
  command.child.stdout?.destroy();
  command.child.stderr?.destroy();
  for (const host of ['b.localhost', 'c.localhost', 'd.localhost', 'e.localhost']) {
    await writeFile(join(folder, 'a.yaml'), manifests(host, await freePort()));
    await command.until(async () => (await get(http, host, '/')).status === 502);
  }
  command.child.kill('SIGTERM');
  assert.equal(await command.exit(), 0);
});

test('run: manifests come from standard input', async (t) => {
  const command = await startRun(t, ['--manifests', '-']);
  command.child.stdin?.end(manifests('a.localhost', await freePort()));
  const http = await command.port('http');
  await command.until(async () => (await get(http, 'a.localhost', '/')).status === 502);
  assert.equal((await get(http, 'b.localhost', '/')).status, 404);
});

test('run: a port that another process has ends the start with 1 and says which', async (t) => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  t.after(() => blocker.close());
  const { port } = blocker.address() as { port: number };
  for (const flag of ['--http-port', '--status-port', '--admin-port']) {
    const command = await startRun(t, ['--manifests', await temporaryFolder(t), `${flag}=${port}`]);
    assert.equal(await command.exit(), 1, flag);
    await command.until(() => new RegExp(`Cannot .*${port}`).test(command.output));
  }
});

test('run: a folder that is not there ends the start with 1', async (t) => {
  const command = await startRun(t, ['--manifests', '/nowhere/at/all']);
  assert.equal(await command.exit(), 1);
  await command.until(() => command.output.includes('Cannot read manifests in /nowhere/at/all'));
});

test('command line: what is unknown or bad ends with 2 and says what is allowed', async (t) => {
  for (const [args, message] of [
    [['run', '--manifests', '.', '--http-prot', '1'], 'did you mean --http-port?'],
    [['run', '--manifests', '.', '--http-port', 'x'], 'expected a port number from 0 to 65535, or off'],
    [['rum'], 'did you mean run?'],
    [['help', 'rum'], 'did you mean run?'],
    [['run'], 'give --manifests DIR or --kubeconfig FILE'],
  ] as const) {
    const command = new RunningCommand(t, args);
    assert.equal(await command.exit(), 2, args.join(' '));
    await command.until(() => command.output.includes(message));
  }
});

test('command line: the environment counts like flags, an unknown variable of ours is a warning', async (t) => {
  const command = new RunningCommand(t, ['run', '--manifests', '/nowhere'], {
    SMARTPROXY_HTTP_PORT: '0',
    SMARTPROXY_HTTPS_PORT: '0',
    SMARTPROXY_STATUS_PORT: '0',
    SMARTPROXY_ADMIN_PORT: '0',
    SMARTPROXY_WORKERS: '1',
    SMARTPROXY_WORKER: '1',
  });
  assert.equal(await command.exit(), 1);
  await command.until(() => command.log.some(({ warning }) => String(warning).includes('did you mean SMARTPROXY_WORKERS?')));
});

test('command line: help and version', async (t) => {
  for (const [args, pattern] of [
    [['help'], /Commands:\n.*run .*\n[\s\S]*Exit status:\n {2}0 /],
    [['--help'], /Commands:/],
    [['run', '--help'], /--http-port PORT/],
    [['help', 'run'], /--\[no-\]status/],
    [['version', '--help'], /Usage: smartproxy-ingress version/],
    [['version'], /^smartproxy-ingress \d+\.\d+\.\d+ \(Node 26/],
  ] as const) {
    const command = new RunningCommand(t, args);
    assert.equal(await command.exit(), 0, args.join(' '));
    await command.until(() => pattern.test(command.output));
  }
});
