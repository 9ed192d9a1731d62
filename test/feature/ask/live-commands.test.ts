import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { askStream } from '../../../src/cli/ask-stream.ts';
import { adminTokenFile } from '../../tools/admin-change.ts';
import { eventually } from '../../tools/eventually.ts';
import { get } from '../../tools/get.ts';
import { ingress, ingressClass, service } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { PtyCommand } from '../../tools/pty-command.ts';
import { closedPort, type Ran, ran } from '../../tools/ran-command.ts';
import { RunningCommand, startRun, temporaryFolder } from '../../tools/running-command.ts';

test('commands ask a running program', async (t) => {
  await using backend = await NamedBackend.start('a');
  const folder = await temporaryFolder(t);
  const rules = { 'shop.localhost': [['/', 'Prefix', 'web'] as const, ['/gone', 'Prefix', 'gone'] as const] };
  const objects =
    ingressClass +
    service('web', backend.port) +
    ingress('shop', { rules }) +
    ingress('other', { rules: { 'other.localhost': [['/', 'Exact', 'web']] } }) +
    ingress('astray', { rules: {}, className: 'elsewhere' });
  const manifest = objects.replaceAll(/\{"path"|"ingressClassName"/g, '\n $&');
  const lineWith = (text: string): number => manifest.split('\n').findIndex((line) => line.includes(text)) + 1;
  await writeFile(join(folder, 'all.yaml'), manifest);
  const token = await adminTokenFile(t);
  const command = await startRun(t, ['--manifests', folder, '--admin-token-file', token]);
  const [http, admin] = [await command.port('http'), await command.port('admin')];
  const ask = (...args: readonly string[]): Promise<Ran> => ran(...args, '--admin', `127.0.0.1:${admin}`);
  const socket = connect(http, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  socket.write('GET /x HTTP/1.1\r\nHost: shop.localhost\r\n\r\n');
  await once(socket, 'data');
  await get(http, 'shop.localhost', '/gone');

  await t.test('status: all is well, and what there is', async () => {
    const { code, output } = await eventually('the worker has told how it fares', async () => {
      const found = await ask('status');
      return /serving .*MiB/.test(found.output) && found;
    });
    assert.equal(code, 0, output);
    assert.match(output, /^smartproxy-ingress \d\S* \(Node \d\S*\), up \d+ s\nReady\nServes the manifests in /);
    assert.match(output, /^Table \d+: 3 routes of 2 hosts, 1 Service with 1 endpoint, \d certificates?$/m);
    assert.match(output, /^Problems: 2 errors, 0 warnings \(smartproxy-ingress problems\)$/m);
    assert.match(output, /^Requests 2, 1 of them answered 5xx; connections 1 open of 2; /m);
    assert.match(output, /^Changes over the admin port: for who has the token$/m);
    const json = await ask('status', '--json');
    assert.deepEqual([json.code, JSON.parse(json.output).ready], [0, true]);
  });

  await t.test('routes: each rule on a line, with what was counted, and what is wrong', async () => {
    const { code, output } = await ask('routes');
    assert.equal(code, 0);
    assert.match(output, /^OBJECT +HOST +MATCH +TLS +ACTION +READY +REQUESTS +5XX$/m);
    assert.match(output, /^Ingress default\/other +other\.localhost +\/ \(exact\) +none +forward to default\/web:80 +1\/1 +0 +0$/m);
    assert.match(output, /^ +shop\.localhost +\/ \(prefix\) +none +forward to default\/web:80 +1\/1$/m);
    assert.match(output, /^ {2}all\.yaml:\d+: error: ServiceNotFound: Ingress default\/shop, spec\.rules\[0\]\S+: Service/m);
    const one = await ask('routes', '--host', 'other.localhost', '--json');
    assert.deepEqual(
      JSON.parse(one.output).routes.map(({ route }: { route: string }) => route),
      ['other'],
    );
    const none = (output: string): Ran => ({ code: 3, output, complaint: '', notes: '' });
    assert.deepEqual(await ask('routes', '--route', 'Ingress default/oter'), none('No routes. Did you mean Ingress default/other?'));
    assert.deepEqual(await ask('routes', '--host', 'shp.localhost'), none('No routes. Did you mean shop.localhost?'));
    const unlike = await ask('routes', '--host', 'somewhere.example');
    assert.match(unlike.output, /^No routes\. Why an object has none: smartproxy-ingress problems; /);
    const few = await ask('routes', '--limit', '1');
    assert.match(few.output, /^\.\.\. and 1 object more$/m);
  });

  await t.test('problems: of every object, also of one that nothing is routed for, with the lines of fields; so at the start', async () => {
    const { code, output } = await ask('problems');
    assert.equal(code, 3, output);
    const [service, className] = [lineWith('"gone"'), lineWith('"elsewhere"')];
    assert.match(
      output,
      new RegExp(
        `^all\\.yaml:${service}: error: ServiceNotFound: Ingress default/shop, spec\\.rules\\[0\\]\\S+: Service default/gone does not`,
        'm',
      ),
    );
    assert.match(
      output,
      new RegExp(
        `^all\\.yaml:${className}: error: ClassNotFound: Ingress default/astray, spec\\.ingressClassName: .*correct the name\\.$`,
        'm',
      ),
    );
    const printed = new RegExp(
      `^ {2}all\\.yaml:${service}: error: ServiceNotFound: Ingress default/shop, spec\\.rules\\[0\\]\\S+: Service`,
      'm',
    );
    await eventually('the program has printed the problem with its line', () => printed.test(command.output));
    assert.match(output, /^2 errors\.$/m);
    const one = JSON.parse((await ask('problems', '--limit', '1', '--search', 'Ingress default/', '--json')).output);
    assert.deepEqual([one.objects.length, one.total.objects, one.objects[0].level], [1, 2, 'error']);
    assert.deepEqual(await ask('problems', '--search', 'default/other'), { code: 0, output: 'Nothing found.', complaint: '', notes: '' });
  });

  await t.test('backends: each endpoint on a line', async () => {
    const { code, output } = await ask('backends', '--service', 'default/web');
    assert.equal(code, 0);
    assert.match(output, new RegExp(`^default/web:80 +http +round-robin +127\\.0\\.0\\.1:${backend.port} +ready +0 +1$`, 'm'));
    const near = await ask('backends', '--service', 'default/wbe');
    assert.deepEqual(near, { code: 3, output: 'No backends. Did you mean default/web?', complaint: '', notes: '' });
    assert.match((await ask('backends', '--service', 'default/nobody')).output, /^No backends\. What is routed to which Service: /);
    const { backends } = JSON.parse((await ask('backends', '--json')).output);
    assert.equal(backends[0].endpoints[0].address, `127.0.0.1:${backend.port}`);
  });

  await t.test('connections: who is connected, is ended with the token alone, and is then among those that left', async () => {
    const list = await ask('connections', '--route', 'Ingress default/shop');
    assert.equal(list.code, 0);
    assert.match(
      list.output,
      new RegExp(`127\\.0\\.0\\.1:${socket.localPort} +http +handed_over .*Ingress default/shop shop\\.localhost prefix /$`, 'm'),
    );
    const old = await ask('connections', '--older', '20d');
    assert.deepEqual([old.code, old.output], [3, 'No connections. Those that left lately: smartproxy-ingress connections --ended']);
    const second = connect(http, '127.0.0.1');
    t.after(() => second.destroy());
    await eventually('both are open', async () => JSON.parse((await ask('connections', '--json')).output).length === 2);
    const cut = await ask('connections', '--limit', '1', '--json');
    assert.deepEqual(
      [JSON.parse(cut.output).map(({ remotePort }: { remotePort: number }) => remotePort), cut.notes],
      [[socket.localPort], 'there are more than the 1 that are shown: --limit'],
    );
    assert.equal((await ask('connections', '--limit', '2')).notes, '');
    second.destroy();
    await eventually('the second has left', async () => JSON.parse((await ask('connections', '--json')).output).length === 1);
    const kill = (...args: readonly string[]) => ask('connections', '--kill', '--client', '127.0.0.1', ...args);
    const without = await kill();
    assert.deepEqual(
      [
        without.code,
        /^Cannot change anything: that takes the admin token of the program: --admin-token-file FILE$/.test(without.complaint),
      ],
      [1, true],
    );
    const closed = new Promise((resolve) => socket.once('close', resolve));
    assert.deepEqual(await kill('--admin-token-file', token), { code: 0, output: 'Ended 1 connection.', complaint: '', notes: '' });
    await closed;
    assert.equal((await kill('--admin-token-file', token, '--json')).code, 3);
    const left = await eventually('it has left', async () => {
      const { output } = await ask('connections', '--ended', '--endpoint', `127.0.0.1:${backend.port}`);
      return output.includes('killed') && output;
    });
    assert.match(left, / http +proxy +killed +\d+ m?s /);
  });

  await t.test('top: once without a terminal, and on a terminal until q, also when the program is gone', async (t) => {
    const without = await ask('top');
    assert.deepEqual([without.code, without.complaint], [2, 'Cannot draw without a terminal: use top --once, which prints one view']);
    const once = await ask('top', '--once', '--interval', '200ms');
    assert.equal(once.code, 0, once.complaint);
    assert.match(once.output, /^ready {3}requests \d\S*\/s, 5xx 0\/s {3}connections /m);
    assert.match(once.output, /^OBJECT +REQUESTS +5XX +MEDIAN +P99 +CONNECTIONS\nIngress default\/other +0\/s +0\/s +- +- +0$/m);
    const json = await ask('top', '--once', '--interval', '200ms', '--json');
    assert.equal(JSON.parse(json.output).routes.length, 2);

    const drawn = new PtyCommand(t, ['top', '--interval', '100ms', '--admin', `127.0.0.1:${admin}`]);
    await eventually('it is drawn', () => drawn.output.includes('OBJECT'));
    assert.ok(drawn.output.startsWith('\x1b[?1049h'), 'on a screen of its own');
    assert.ok(drawn.output.includes('Ingress default/shop'));
    drawn.type('q');
    assert.equal(await drawn.exit(), 0);
    assert.ok(drawn.output.trimEnd().endsWith('\x1b[?1049l'), 'which is given back');
  });

  await t.test('tap: requests as they pass, until the time is over or the program ends', async () => {
    const tapped = ask('tap', '--seconds', '2', '--host', 'shop.localhost');
    let isOver = false;
    void tapped.then(() => {
      isOver = true;
    });
    await eventually('the time is over', async () => {
      await get(http, 'shop.localhost', '/seen?hidden');
      return isOver;
    });
    const { code, output } = await tapped;
    assert.equal(code, 0);
    assert.match(
      output,
      /^\d\d:\d\d:\d\d\.\d{3} {2}200 {2}GET http:\/\/shop\.localhost\/seen {2}\d+\.\d ms {2}127\.0\.0\.1 -> 127\.0\.0\.1:\d+ {2}Ingress default\/shop shop/m,
    );
    assert.doesNotMatch(output, /hidden/);
    const json = ask('tap', '--seconds', '1', '--host', 'shop.localhost', '--json');
    isOver = false;
    void json.then(() => {
      isOver = true;
    });
    await eventually('the time is over', async () => {
      await get(http, 'shop.localhost', '/seen');
      return isOver;
    });
    const lines = (await json).output.split('\n').map((line) => JSON.parse(line));
    const { kind, method, path, status } = lines.find((line) => line.kind === 'request');
    assert.deepEqual([kind, method, path, status], ['request', 'GET', '/seen', 200]);
    const nobody = await ask('tap', '--seconds', '1', '--host', 'nobody.localhost');
    assert.equal(nobody.code, 3);
    assert.match(nobody.output, /^No request came\. Routes that have requests: smartproxy-ingress top; /);
  });

  await t.test('and say what is wrong with a command line, each with 2', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['status', 'now'], /argument 'now': status has flags only/],
      [['routes', '--http-port', '80'], /--http-port with routes: the program that is asked has its own options/],
      [['routes', '--hots', 'a'], /no such flag; did you mean --host\?/],
      [['backends', '--limit', '0'], /--limit '0': expected a whole number/],
      [['connections', '--older', 'soon'], /--older 'soon': expected a duration/],
      [['tap', '--status', '700'], /--status '700': expected a status such as 404/],
      [['top', '--json'], /--json without --once/],
      [['top', '--interval', '1ms'], /at least 100ms/],
      [['status', '--admin', '127.0.0.1:70000'], /--admin '127\.0\.0\.1:70000': expected a loopback address and a port/],
      [['status', '--jsn'], /no such flag; did you mean --json\?/],
      [['status', '--http-prt'], /no such flag; see --help/],
      [['connections', '--kill'], /Cannot end every connection at once/],
      [['connections', '--kill', '--ended', '--client', 'x'], /those have ended/],
      [['connections', '--kill', '--client', 'x', '--limit', '5'], /Cannot use --limit with --kill: all that are meant are ended/],
      [['connections', '--admin-token-file', token], /a list needs no token/],
      [['connections', '--kill', '--client', 'x', '--admin-token-file', '/nonexistent'], /--admin-token-file \/nonexistent: /],
    ];
    for (const [args, says] of cases) {
      const { code, output, complaint } = args.includes('--admin') ? await ran(...args) : await ask(...args);
      assert.deepEqual([code, output], [2, ''], args.join(' '));
      assert.match(complaint, says);
    }
  });

  await t.test('status and explain: a file that can not be read is a problem, too', async () => {
    await writeFile(join(folder, 'torn.yaml'), 'a: [');
    await eventually('it is counted', async () => /^Problems: 3 errors, /m.test((await ask('status')).output));
    assert.match((await ask('explain', `http://other.localhost:${http}/`)).output, /^ {2}Not read: torn\.yaml:1: /m);
  });

  await t.test('top tells that the program is lost, and tap ends with 4', async (t) => {
    const drawn = new PtyCommand(t, ['top', '--interval', '100ms', '--admin', `127.0.0.1:${admin}`]);
    await eventually('it is drawn', () => drawn.output.includes('OBJECT'));
    const tapped = new RunningCommand(t, ['tap', '--seconds', '3000', '--admin', `127.0.0.1:${admin}`]);
    await tapped.until(async () => {
      await get(http, 'shop.localhost', '/last');
      return tapped.output.includes('/last');
    });
    command.child.kill('SIGTERM');
    assert.equal(await tapped.exit(), 4);
    await tapped.until(() => /it broke off/.test(tapped.output));
    await eventually('it is told', () => drawn.output.includes('LOST: Cannot ask the program at'));
    drawn.type('\x03');
    assert.equal(await drawn.exit(), 0);
    assert.ok(drawn.output.trimEnd().endsWith('\x1b[?1049l'));
  });
});

test('without a program each says what to do next, and ends with 4; so it does with one of another version', async (t) => {
  const away = `127.0.0.1:${await closedPort()}`;
  const other = createServer((_request, response) => response.end('{"routes":1}')).listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const there = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  for (const args of [
    ['status'],
    ['problems'],
    ['routes'],
    ['backends'],
    ['connections'],
    ['certs'],
    ['bugreport'],
    ['tap'],
    ['top', '--once'],
  ]) {
    const { code, complaint } = await ran(...args, '--admin', away);
    assert.deepEqual([code, /ECONNREFUSED.*kubectl -n NAMESPACE port-forward/.test(complaint)], [4, true], args.join(' '));
    const strange = await ran(...args, '--admin', there);
    assert.deepEqual([strange.code, /of another version/.test(strange.complaint)], [4, true], args.join(' '));
  }
});

test('who accepts and says nothing, or goes on for too long, is left', async (t) => {
  const silent = createServer((request, response) => {
    if (request.url === '/endless') response.writeHead(200, { 'content-type': 'application/x-ndjson' }).write('{"kind":"request"}\n');
  }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => {
    silent.close();
    silent.closeAllConnections();
  });
  const admin = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const lines: unknown[] = [];
  const options = { onLine: (line: unknown) => lines.push(line), lastsMs: 200, patienceMs: 200 };
  const unreachable = { code: 'ADMIN_UNREACHABLE' } as const;
  await assert.rejects(askStream(admin, '/silent', options), { ...unreachable, message: /no answer within 0\.2 s; is it running/ });
  await assert.rejects(askStream(admin, '/endless', { ...options, patienceMs: 20_000, lastsMs: -19_000 }), {
    ...unreachable,
    message: /it goes on for longer than it was asked to/,
  });
  assert.deepEqual(lines, [{ kind: 'request' }]);
});
