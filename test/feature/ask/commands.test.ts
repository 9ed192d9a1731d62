import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { get } from '../../tools/get.ts';
import { ingress, ingressClass, opaqueSecret, service } from '../../tools/manifests.ts';
import { closedPort, ran } from '../../tools/ran-command.ts';
import { RunningCommand, startRun, temporaryFolder } from '../../tools/running-command.ts';
import { passingShell } from '../../tools/shell.ts';

const rules = { 'shop.example': [['/', 'Prefix', 'web'] as const] };

const toWeb = '{service: {name: web, port: {number: 80}}}';

/** Rules in every way of writing them. */
const writtenRules = {
  'class.yaml': `kind: IngressClass
apiVersion: networking.k8s.io/v1
metadata: {name: smartproxy}
spec: {controller: smartproxy.dev/ingress-controller}
`,
  'list.yaml': `kind: List
apiVersion: v1
items:
  - apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: list, namespace: shop}
    spec:
      ingressClassName: smartproxy
      rules:
        - host: list.example
          http:
            paths:
              - path: /a
                pathType: Prefix
                backend: ${toWeb}
              - {path: /, pathType: Prefix, backend: ${toWeb}}
`,
  'windows.yaml': `kind: SmartRoute
apiVersion: smartproxy.dev/v1alpha1
metadata: {name: windows, namespace: shop}
spec:
  ingressClassName: smartproxy
  hosts: [windows.example]
  http:
    rules:
      - name: put
        matches:
          - methods: [PUT]
          - path: {type: Exact, value: /put}
        action: {respond: {status: 200}}
      - name: rest
        action: {respond: {status: 201}}
---
kind: SmartRoute
apiVersion: smartproxy.dev/v1alpha1
metadata: {name: mail, namespace: shop}
spec:
  ingressClassName: smartproxy
  hosts: [mail.example]
  tls: {mode: Passthrough}
  tcp:
    backends: [{name: web, port: {number: 80}}]
`.replaceAll('\n', '\r\n'),
  'lines.json': `{"kind": "Ingress", "apiVersion": "networking.k8s.io/v1", "metadata": {"name": "json", "namespace": "shop",
  "annotations": {
    "smartproxy.dev/tls-passthrough": "true"}},
 "spec": {"ingressClassName": "smartproxy", "rules": [
   {"host": "json.example", "http": {"paths": [
     {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]}}`,
  'shared.yaml': `kind: Service
apiVersion: v1
metadata: {name: web, namespace: shop}
spec: {ports: [{port: 80}]}
---
kind: Ingress
apiVersion: networking.k8s.io/v1
metadata: {name: shared, namespace: shop}
spec:
  ingressClassName: smartproxy
  defaultBackend: &web ${toWeb}
  rules:
    - host: a.example
      http: &http
        paths:
          - {path: /x, pathType: Exact, backend: *web}
    - host: b.example
      http: *http
`,
} as const;

const rulePlaces: readonly (readonly [url: string, place: string, field: string])[] = [
  ['http://list.example/a/b', 'list.yaml:13', 'spec.rules[0].http.paths[0]'],
  ['http://list.example/', 'list.yaml:16', 'spec.rules[0].http.paths[1]'],
  ['http://windows.example/put', 'windows.yaml:12', 'spec.http.rules[0].matches[1]'],
  ['http://windows.example/', 'windows.yaml:14', 'spec.http.rules[1]'],
  ['tls://mail.example', 'windows.yaml:24', 'spec.tcp'],
  ['http://json.example/', 'lines.json:6', 'spec.rules[0].http.paths[0]'],
  ['tls://json.example', 'lines.json:3', 'metadata.annotations[smartproxy.dev/tls-passthrough]'],
  ['http://b.example/x', 'shared.yaml:16', 'spec.rules[1].http.paths[0]'],
  ['http://b.example/', 'shared.yaml:11', 'spec.defaultBackend'],
];

async function folderOf(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

suite('explain', () => {
  test('offline it names file and line, and ends with 0 for a match, 3 for none, 2 for what nobody could send', async (t) => {
    const folder = await folderOf(t, {
      'class.yaml': ingressClass,
      'shop.yaml': `# a shop${service('web', 8001)}${ingress('shop', { rules })}`,
    });
    const found = await ran('explain', 'http://shop.example/x', '--manifests', folder);
    assert.equal(found.code, 0, found.complaint);
    assert.match(found.output, /Ingress default\/shop \(shop\.yaml:\d+\): forward to default\/web:80/);
    assert.equal((await ran('explain', 'http://other.example/', '--manifests', folder)).code, 3);
    const bad = await ran('explain', 'shop.example', '--manifests', folder);
    assert.deepEqual([bad.code, bad.output], [2, '']);
    assert.match(bad.complaint, /Cannot explain 'shop\.example': The URL has no scheme/);
    const json = await ran('explain', 'http://shop.example/x', '--manifests', folder, '--json', '--method', 'POST', '--header', 'A: b,c');
    assert.equal(JSON.parse(json.output).winner.location.startsWith('shop.yaml:'), true);
    const on = (listener: string) => ran('explain', 'http://shop.example/', '--manifests', folder, '--json', '--listener', listener);
    assert.equal(JSON.parse((await on('http')).output).listener.key, 'http');
    const nowhere = await on('nowhere');
    assert.deepEqual([nowhere.code, /There is no listener nowhere: there are http /.test(nowhere.complaint)], [2, true], nowhere.complaint);
    const asked = ['explain', 'http://shop.example/', '--manifests', folder, '--h2c', '--header', 'Connection: close', '--json'];
    const versions = await Promise.all(['1.1', '2'].map((version) => ran(...asked, '--http-version', version)));
    const [first, second] = versions.map(({ output }) => JSON.parse(output));
    assert.deepEqual([first.answer?.status, second.answer?.status], [undefined, 400], 'HTTP/2 has no Connection');
  });

  test('the line is that of the rule: of each path, match or annotation, in lists, JSON, behind aliases and with the ends of lines of Windows', async (t) => {
    const folder = await folderOf(t, writtenRules);
    const command = await startRun(t, ['--manifests', folder]);
    const admin = `127.0.0.1:${await command.port('admin')}`;
    for (const [url, place, field] of rulePlaces) {
      const offline = await ran('explain', url, '--manifests', folder, '--json');
      const { winner, candidates } = JSON.parse(offline.output);
      assert.deepEqual([winner.location, winner.field], [place, field], url);
      const won = candidates.find(({ outcome }: { readonly outcome: string }) => outcome === 'wins');
      assert.equal(won?.location ?? place, place, url);
      const live = JSON.parse((await ran('explain', url, '--admin', admin, '--json')).output);
      assert.deepEqual([live.winner.location, live.candidates], [place, candidates], url);
    }
    const text = await ran('explain', 'http://list.example/a/b', '--manifests', folder);
    assert.match(text.output, /^ {2}Ingress shop\/list \(list\.yaml:13\): forward/m);
    assert.match(text.output, /^ {2}loses .* Ingress shop\/list +list\.yaml:16 /m);
    const file = await ran('explain', 'http://windows.example/put', '--manifests', join(folder, 'windows.yaml'));
    assert.match(file.output, /SmartRoute shop\/windows \(windows\.yaml:12\): answer/);
    const input = new RunningCommand(t, ['explain', 'http://list.example/a/b', '--manifests', '-']);
    input.child.stdin?.end(`${writtenRules['class.yaml']}---\n${writtenRules['list.yaml']}`);
    assert.equal(await input.exit(), 0, input.output);
    assert.match(input.output, /Ingress shop\/list \(standard input:18\): answer 503/);
    assert.match(input.output, /^ {2}standard input:20: ServiceNotFound: Ingress shop\/list, /m);
  });

  test('a folder without an IngressClass is the class of the option, which is said', async (t) => {
    const folder = await folderOf(t, { 'shop.yaml': service('web', 8001) + ingress('shop', { rules }) });
    const { code, output } = await ran('explain', 'http://shop.example/x', '--manifests', folder);
    assert.equal(code, 0);
    assert.match(output, /There is no IngressClass in .*: smartproxy is taken for ours\./);
    assert.equal((await ran('explain', 'http://shop.example/x', '--manifests', folder, '--ingress-class', 'other')).code, 3);
  });

  test('a wrong command line is told, with what was probably meant', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /give a URL/],
      [['http://a/', 'http://b/'], /more than one URL/],
      [['http://a/', '--mehtod', 'GET'], /no such flag; did you mean --method\?/],
      [['http://a/', '--admin', '10.0.0.1:10255'], /expected a loopback address and a port/],
      [['http://a/', '--ingress-class', 'x'], /on a running program, which has its own options/],
      [['http://a/', '--header'], /--header without a value/],
    ];
    for (const [args, complaint] of cases) {
      const { code, complaint: said } = await ran('explain', ...args);
      assert.equal(code, 2, said);
      assert.match(said, complaint);
    }
  });

  test('an admin port beside manifests is refused, for no program would be asked', async () => {
    for (const args of [
      ['explain', 'http://a/', '--manifests', 'x'],
      ['certs', '--manifests', 'x'],
      ['diff', 'x', 'y'],
    ]) {
      const { code, complaint } = await ran(...args, '--admin', '127.0.0.1:1');
      assert.deepEqual(
        [code, /Cannot use --admin with .*: no program is asked/.test(complaint)],
        [2, true],
        `${args.join(' ')}: ${complaint}`,
      );
    }
  });

  test('without a program at the admin address it says what to do next, and ends with 4', async () => {
    const { code, complaint } = await ran('explain', 'http://shop.example/', '--admin', `127.0.0.1:${await closedPort()}`);
    assert.equal(code, 4);
    assert.match(complaint, /Cannot ask the program at 127\.0\.0\.1:\d+: .*ECONNREFUSED.*kubectl -n NAMESPACE port-forward/);
  });

  test('something else at the admin address, or an older program, is told as that', async (t) => {
    const server = createHttpServer((request, response) => {
      if (request.headers['x-ask'] === undefined && request.url?.startsWith('/debug/explain'))
        response.writeHead(404).end('{"error":"no such page"}');
      else response.end('<html>');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const admin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const old = await ran('explain', 'http://shop.example/', '--admin', admin);
    assert.deepEqual([old.code, /older than this command/.test(old.complaint)], [4, true]);
    const other = await ran('diff', await folderOf(t, { 'a.yaml': ingressClass }), '--admin', admin);
    assert.deepEqual([other.code, /what answers there is not this program/.test(other.complaint)], [4, true]);
  });

  test('a running program answers as the folder that it serves does, and refuses bad questions itself', async (t) => {
    const folder = await folderOf(t, { 'all.yaml': ingressClass + service('web', 8001) + ingress('shop', { rules }) });
    const command = await startRun(t, ['--manifests', folder]);
    const admin = await command.port('admin');
    const live = await ran('explain', 'http://shop.example/x', '--admin', `127.0.0.1:${admin}`, '--json');
    assert.equal(live.code, 0, live.complaint);
    const offline = await ran('explain', 'http://shop.example/x', '--manifests', folder, '--json');
    const [a, b] = [JSON.parse(live.output), JSON.parse(offline.output)];
    for (const part of ['summary', 'candidates', 'winner', 'filters', 'backends']) assert.deepEqual(a[part], b[part], part);
    const secure = [
      'explain',
      'https://shop.example/x',
      '--sni',
      'other.example',
      '--client',
      '192.0.2.7',
      '--admin',
      `127.0.0.1:${admin}`,
    ];
    const { asked, tls } = JSON.parse((await ran(...secure, '--json')).output);
    assert.deepEqual([asked.serverName, asked.client, tls.serverName], ['other.example', '192.0.2.7', 'other.example']);
    const refused = await get(admin, 'localhost', '/debug/explain?url=nonsense');
    assert.equal(refused.status, 400);
    assert.match(refused.body, /no scheme/);
    const same = await ran('diff', folder, '--admin', `127.0.0.1:${admin}`);
    assert.equal(same.code, 0, same.output + same.complaint);
    const part = await folderOf(t, { 'class.yaml': ingressClass });
    const kept = await ran('diff', part, '--admin', `127.0.0.1:${admin}`);
    assert.equal(kept.code, 0, kept.output);
    const pruned = await ran('diff', part, '--prune', '--admin', `127.0.0.1:${admin}`);
    assert.deepEqual([pruned.code, /^ {2}- route shop\.example \/ \(prefix\)$/m.test(pruned.output)], [3, true], pruned.output);
    const changed = await folderOf(t, {
      'all.yaml': ingressClass + service('web', 8001) + ingress('shop', { rules: { 'shop.example': [['/v2', 'Prefix', 'web']] } }),
    });
    const differs = await ran('diff', changed, '--admin', `127.0.0.1:${admin}`);
    assert.equal(differs.code, 3, differs.output);
    const saved = join(await temporaryFolder(t), 'table.json');
    await writeFile(saved, (await get(admin, 'localhost', '/debug/routes')).body);
    const outcomes: readonly (readonly [args: readonly string[], code: number, says: RegExp])[] = [
      [[saved, folder], 0, /^No difference\./],
      [[saved, saved], 0, /^No difference\.$/],
      [[saved, '--admin', `127.0.0.1:${admin}`], 0, /^No difference\.$/],
      [[saved, changed], 3, /^ {2}\+ route shop\.example \/v2 \(prefix\)$/m],
      [[changed, saved], 3, /^ {2}- route shop\.example \/v2 \(prefix\)$/m],
      [[saved, part, '--prune'], 3, /^ {2}- route shop\.example \/ \(prefix\)$/m],
      [[part, saved, '--prune'], 3, /^ {2}\+ route shop\.example \/ \(prefix\)$/m],
    ];
    for (const [args, code, says] of outcomes) {
      const found = await ran('diff', ...args);
      assert.deepEqual([found.code, says.test(found.output)], [code, true], `${args.join(' ')}: ${found.output}${found.complaint}`);
    }
    assert.equal((await ran('diff', saved, saved, '--prune')).code, 2);
    assert.match(
      differs.output,
      /Ingress default\/shop\n {2}- route shop\.example \/ \(prefix\)\n {2}\+ route shop\.example \/v2 \(prefix\)/,
    );
  });
});

suite('lint', () => {
  const broken = ingress('shop', { rules: { 'shop.example': [['/', 'Prefix', 'gone']] }, annotations: { 'smartproxy.dev/retires': '1' } });

  test('findings have file, line, object, field and fix; the status is that of the threshold', async (t) => {
    const folder = await folderOf(t, { 'shop.yaml': service('web', 8001) + broken, 'bad.yaml': 'a: [' });
    const { code, output } = await ran('lint', '-f', folder);
    assert.equal(code, 3);
    assert.match(output, /shop\.yaml:\d+: error: ServiceNotFound: Ingress default\/shop, spec\.rules\[0\]\.http\.paths\[0\]\.backend\S*: /);
    assert.match(output, /bad\.yaml:\d+: error: InvalidManifest: /);
    assert.match(output, /warning: UnknownAnnotation: .*retries/);
    assert.equal((await ran('lint', '-f', folder, '--fail-on', 'never')).code, 0);
    const clean = await folderOf(t, { 'shop.yaml': ingressClass + service('web', 8001) + ingress('shop', { rules }) });
    const good = await ran('lint', clean);
    assert.deepEqual([good.code, good.output], [0, 'Nothing found.']);
  });

  test('a warning alone fails only where it is asked for', async (t) => {
    const unknown = ingress('shop', { rules, annotations: { 'smartproxy.dev/retires': '1' } });
    const folder = await folderOf(t, { 'shop.yaml': ingressClass + service('web', 8001) + unknown });
    assert.deepEqual([(await ran('lint', '-f', folder)).code, (await ran('lint', '-f', folder, '--fail-on', 'warning')).code], [0, 3]);
  });

  test('a field of an Ingress that does not exist is told with the one that was meant, on its line', async (t) => {
    const typed = `${ingressClass + service('web', 8001)}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: default}
spec:
  ingressClassName: smartproxy
  rules:
    - hots: shop.example
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
`;
    const folder = await folderOf(t, { 'shop.yaml': typed });
    const { output, code } = await ran('lint', folder, '--fail-on', 'warning');
    const line = typed.split('\n').findIndex((text) => text.includes('hots')) + 1;
    assert.match(
      output,
      new RegExp(`shop\\.yaml:${line}: warning: UnknownField: Ingress default/shop, spec\\.rules\\[0\\]\\.hots: .*did you mean host\\?`),
    );
    assert.equal(code, 3);
  });

  test('what is passed over is said, for a class that is typed wrongly would look well: objects of other classes, and a folder without any', async (t) => {
    const others = ingress('typed', { rules, className: 'smartprox' }) + ingress('bare', { rules, className: null });
    const folder = await folderOf(t, { 'shop.yaml': service('web', 8001) + ingress('shop', { rules }) + others });
    const { output, code } = await ran('lint', '-f', folder);
    assert.match(
      output,
      /^Not looked at, for their class is not ours: Ingress default\/typed \(smartprox\), Ingress default\/bare \(no class\)\.$/m,
    );
    assert.equal(code, 0, output);
    const empty = await ran('lint', '-f', await folderOf(t, { 'web.yaml': service('web', 8001) }));
    assert.match(empty.output, /^There is no Ingress and no SmartRoute to look at\.$/m);
    const ours = await folderOf(t, { 'shop.yaml': service('web', 8001) + ingress('shop', { rules }) });
    assert.deepEqual(JSON.parse((await ran('lint', '-f', ours, '--format', 'json')).output).passedOver, []);
  });

  test('JSON and SARIF have the same findings, and URIs that a code host resolves', async (t) => {
    const folder = await folderOf(t, {});
    await mkdir(join(folder, 'a b'));
    await writeFile(join(folder, 'a b', 'shop.yaml'), service('web', 8001) + broken);
    const json = JSON.parse((await ran('lint', '-f', folder, '--format', 'json')).output);
    const sarif = JSON.parse((await ran('lint', '-f', folder, '--format', 'sarif')).output);
    const [run] = sarif.runs;
    assert.equal(run.results.length, json.findings.length);
    assert.ok(json.findings.length >= 2);
    assert.match(run.results[0].locations[0].physicalLocation.artifactLocation.uri, /^(?:file:\/\/\/|[^/]).*a%20b\/shop\.yaml$/);
    assert.equal(run.results[0].locations[0].physicalLocation.region.startLine, json.findings[0].line);
  });

  test('all of a long answer comes through a pipe, whose reader may take its time', async (t) => {
    const many = Array.from({ length: 400 }, (_, index) =>
      ingress(`shop-${index}`, { rules: { [`h${index}.example`]: [['/', 'Prefix', 'gone']] } }),
    );
    const folder = await folderOf(t, { 'shop.yaml': service('web', 8001) + many.join('') });
    const command = fileURLToPath(new URL('../../../bin/smartproxy-ingress.js', import.meta.url));
    const output = await passingShell(`'${process.execPath}' '${command}' lint -f . --format json | cat`, { folder });
    assert.ok(output.length > 2 * 65_536, `${output.length} characters are hardly more than a pipe holds`);
    assert.equal(JSON.parse(output).findings.length, many.length);
  });

  test('standard input is read for -', async (t) => {
    const command = new RunningCommand(t, ['lint', '-f', '-']);
    command.child.stdin?.end(service('web', 8001) + broken);
    assert.equal(await command.exit(), 3, command.output);
    assert.match(command.output, /^standard input:\d+: error: ServiceNotFound: Ingress default\/shop, /m);
    assert.match(command.output, /^There is no IngressClass in standard input: /m);
  });

  test('a folder that is not there, or a wrong flag, is told', async (t) => {
    const missing = await ran('lint', '-f', join(await temporaryFolder(t), 'gone'));
    assert.deepEqual([missing.code, /Cannot read manifests in .*gone/.test(missing.complaint)], [1, true]);
    assert.equal((await ran('lint')).code, 2);
    const wrong = await ran('lint', '-f', 'x', '--format', 'xml');
    assert.deepEqual([wrong.code, /expected text, json, sarif/.test(wrong.complaint)], [2, true]);
  });
});

suite('diff', () => {
  test('two folders: no difference ends with 0, one with 3', async (t) => {
    const old = await folderOf(t, { 'a.yaml': ingressClass + service('web', 8001) + ingress('shop', { rules }) });
    const next = await folderOf(t, { 'a.yaml': ingressClass + service('web', 8002) + ingress('shop', { rules }) });
    assert.deepEqual([(await ran('diff', old, old)).code, (await ran('diff', old, next)).code], [0, 3]);
    const { changes } = JSON.parse((await ran('diff', old, next, '--json')).output);
    assert.equal(changes[0].object, 'Service default/web');
    assert.equal((await ran('diff')).code, 2);
    assert.doesNotMatch((await ran('diff', old, next)).output, /Secrets/);
    const users = opaqueSecret('users', { auth: 'joe:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=' });
    const guarded = ingress('shop', { rules, annotations: { 'smartproxy.dev/auth-secret': 'users' } });
    const withUsers = await folderOf(t, { 'a.yaml': ingressClass + service('web', 8001) + users + guarded });
    const hidden = await ran('diff', withUsers, withUsers);
    assert.match(hidden.output, /^No difference\.\nNot compared: users and keys in Secrets, which no table shows\.$/);
    const torn = await folderOf(t, { 'a.yaml': ingressClass + service('web', 8001) + ingress('shop', { rules }), 'b.yaml': 'a: [' });
    const unread = await ran('diff', old, torn);
    assert.deepEqual([unread.code, unread.complaint], [1, 'Cannot compare all: 1 of the files or objects can not be read'], unread.output);
    assert.match(unread.output, /^Not read: b\.yaml:1: /m);
    assert.equal((await ran('diff', old, next, '--prune')).code, 2);
    const asked = await ran('diff', old, next, '--admin', '127.0.0.1:1');
    assert.deepEqual([asked.code, asked.complaint], [2, 'Cannot use --admin with OLD and NEW: no program is asked']);
  });
});
