import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../tools/eventually.ts';
import { get } from '../../tools/get.ts';
import { ingress, ingressClass, service } from '../../tools/manifests.ts';
import { NamedBackend } from '../../tools/named-backend.ts';
import { ran } from '../../tools/ran-command.ts';
import { RunningCommand, startRun, temporaryFolder } from '../../tools/running-command.ts';

const plugin = fileURLToPath(new URL('../../../bin/kubectl-smartproxy.js', import.meta.url));
const standIn = fileURLToPath(new URL('../../tools/kubectl-stand-in-main.mjs', import.meta.url));

function pod(name: string, isReady: boolean, changes: object = {}): object {
  const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False' }];
  return { metadata: { name }, status: { phase: 'Running', conditions }, ...changes };
}

/** The plugin with a stand-in for kubectl on its PATH. */
class Plugin {
  readonly #t: TestContext;
  readonly folder: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(t: TestContext, folder: string, env: Readonly<Record<string, string>>) {
    this.#t = t;
    this.folder = folder;
    this.#env = env;
  }

  /** @param admin port that a forward leads to; undefined: none can be made */
  static async of(t: TestContext, admin?: number): Promise<Plugin> {
    const folder = await temporaryFolder(t);
    await symlink(process.execPath, join(folder, 'node'));
    const script = join(folder, 'kubectl');
    await writeFile(script, `#!/bin/sh\nexec ${process.execPath} ${standIn} "$@"\n`);
    await chmod(script, 0o755);
    const env = { PATH: `${folder}:${process.env.PATH}`, STAND_IN_FOLDER: folder };
    return new Plugin(t, folder, admin === undefined ? env : { ...env, STAND_IN_PORT: String(admin) });
  }

  async has(lists: { readonly pods?: readonly object[]; readonly leases?: readonly object[] }): Promise<void> {
    for (const [name, items] of Object.entries(lists)) await writeFile(join(this.folder, `${name}.json`), JSON.stringify({ items }));
  }

  start(...args: readonly string[]): RunningCommand {
    return new RunningCommand(this.#t, args, this.#env, plugin);
  }

  async ran(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
    const command = this.start(...args);
    const code = await command.exit();
    return { code, output: command.output };
  }

  /** How kubectl was called since the last time. */
  async calls(): Promise<readonly string[]> {
    const lines = (await readFile(join(this.folder, 'calls'), 'utf8')).trimEnd().split('\n');
    await rm(join(this.folder, 'calls'));
    return lines;
  }

  /** Resolves when the process that forwards is gone. */
  async forwardEnds(): Promise<void> {
    const file = join(this.folder, 'forward-pid');
    await eventually('a forward was begun', () => existsSync(file));
    const pid = Number(await readFile(file, 'utf8'));
    await eventually('the forward is gone', () => !existsSync(`/proc/${pid}`));
    await rm(file);
  }
}

function partOf(explanation: string, part: string): unknown {
  return (JSON.parse(explanation) as Readonly<Record<string, unknown>>)[part];
}

test('kubectl smartproxy asks a pod, and ends the forward in every ending', async (t) => {
  await using backend = await NamedBackend.start('a');
  const folder = await temporaryFolder(t);
  await writeFile(
    join(folder, 'all.yaml'),
    ingressClass + service('web', backend.port) + ingress('shop', { rules: { 'shop.localhost': [['/', 'Prefix', 'web']] } }),
  );
  const command = await startRun(t, ['--manifests', folder]);
  const kubectl = await Plugin.of(t, await command.port('admin'));
  const http = await command.port('http');
  const leases = [{ spec: { holderIdentity: 'b_0123abcd' } }];

  await t.test('the leader is asked; what the command prints and how it ends is passed on', async () => {
    await kubectl.has({ pods: [pod('a', true), pod('b', true), pod('c', false)], leases });
    const routes = await kubectl.ran('-n', 'edge', '--context', 'prod', 'routes', '--host', 'shop.localhost');
    assert.equal(routes.code, 0, routes.output);
    assert.match(routes.output, /asking pod edge\/b \(the leader\)/);
    assert.match(routes.output, /Ingress default\/shop +shop\.localhost/);
    const [pods, , forward] = await kubectl.calls();
    assert.match(pods ?? '', /^--context=prod --namespace edge get pods --selector app\.kubernetes\.io\/name=smartproxy-ingress /);
    assert.equal(forward, '--context=prod --namespace edge port-forward --address 127.0.0.1 pod/b :10255');
    await kubectl.forwardEnds();
    const none = await kubectl.ran('routes', '--host', 'nobody.localhost');
    assert.equal(none.code, 3, none.output);
    await kubectl.forwardEnds();
  });

  await t.test('explain: each flag of a question comes to the pod, which answers as the folder does', async () => {
    const requests: readonly (readonly string[])[] = [
      ['http://shop.localhost/x', '--method', 'PUT'],
      ['http://shop.localhost/x', '--header', 'Host: nobody.localhost', '--header', 'Via: 1.1 a'],
      ['http://shop.localhost/x', '--listener', 'https'],
      ['https://shop.localhost/x', '--sni', 'other.localhost'],
      ['http://shop.localhost/x', '--client', '192.0.2.7'],
      ['https://shop.localhost/x', '--http-version', '2', '--header', 'Connection: close'],
    ];
    const told = new Set<string>();
    for (const question of requests) {
      const live = await kubectl.ran('explain', ...question, '--json');
      await kubectl.forwardEnds();
      const offline = await ran('explain', ...question, '--manifests', folder, '--json');
      assert.equal(live.code, offline.code, live.output + offline.complaint);
      const answer = live.output.slice(live.output.indexOf('{'));
      if (offline.output === '') assert.ok(live.output.includes(offline.complaint.slice(0, 60)), live.output);
      else
        for (const part of ['asked', 'request', 'summary', 'candidates', 'answer', 'filters']) {
          assert.deepEqual(partOf(answer, part), partOf(offline.output, part), `${question.join(' ')}: ${part}`);
        }
      told.add(offline.output + offline.complaint);
    }
    assert.equal(told.size, requests.length, 'each flag makes a difference');
  });

  await t.test('without a leader that is ready any that is, and else one that runs', async () => {
    const table: readonly (readonly [pods: readonly object[], asked: RegExp])[] = [
      [[pod('a', true), pod('b', false)], /\/a \(the only one that is ready\)/],
      [
        [pod('a', true, { metadata: { name: 'a', deletionTimestamp: 'now' } }), pod('c', true), pod('d', true)],
        /\/c \(one that is ready\)/,
      ],
      [[pod('c', false)], /\/c \(not ready, but running\)/],
    ];
    for (const [pods, asked] of table) {
      await kubectl.has({ pods });
      assert.match((await kubectl.ran('status')).output, asked);
      await kubectl.forwardEnds();
    }
    await rm(join(kubectl.folder, 'leases.json'));
    await kubectl.has({ pods: [pod('a', true), pod('b', true)] });
    assert.match((await kubectl.ran('status')).output, /\/a \(one that is ready\)/, 'Leases may not be read');
    await kubectl.forwardEnds();
    assert.match((await kubectl.ran('status', '--pod', 'z')).output, /\/z \(as told\)/);
    await kubectl.forwardEnds();
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
    await t.test(`the forward ends when the command does by ${signal}`, async () => {
      const tap = kubectl.start('tap', '--seconds', '3000');
      await tap.until(async () => {
        await get(http, 'shop.localhost', '/seen');
        return tap.output.includes('/seen');
      });
      tap.child.kill(signal);
      await tap.exit();
      await kubectl.forwardEnds();
    });
  }
});

test('kubectl smartproxy asks manifests without a pod, and has the help of each command', async (t) => {
  const folder = await temporaryFolder(t);
  const rules = { 'shop.localhost': [['/', 'Prefix', 'web'] as const] };
  await writeFile(join(folder, 'all.yaml'), ingressClass + service('web', 8001) + ingress('shop', { rules }));
  const kubectl = await Plugin.of(t);
  for (const [args, says] of [
    [['lint', '-f', folder], /^Nothing found\.$/m],
    [['explain', 'http://shop.localhost/', '--manifests', folder], /Ingress default\/shop sends it to default\/web:80/],
    [['diff', folder, folder], /^No difference/m],
    [['certs', '--manifests', folder], /^No certificates\./m],
    [['explain', '--help'], /^Usage: smartproxy-ingress explain URL /],
    [['-n', 'edge', 'connections', '-h'], /^Usage: smartproxy-ingress connections /],
    [['--help'], /^Usage: kubectl smartproxy COMMAND /],
  ] as const) {
    const { code, output } = await kubectl.ran(...args);
    assert.deepEqual([code, says.test(output)], [0, true], output);
  }
  assert.equal(existsSync(join(kubectl.folder, 'calls')), false, 'kubectl was not called');
});

test('kubectl smartproxy without RBAC, pod, forward or kubectl says what to do, and ends with 4; with a wrong command line with 2', async (t) => {
  const kubectl = await Plugin.of(t);
  const forbidden = await kubectl.ran('status', '-n', 'edge');
  assert.equal(forbidden.code, 4);
  assert.match(
    forbidden.output,
    /Cannot list pods in edge: .*pods is forbidden.*; it takes get and list of pods and create of pods\/portforward there/,
  );
  await kubectl.has({ pods: [] });
  const none = await kubectl.ran('status');
  assert.deepEqual(
    [none.code, /there is none with the label .*\(-n\) or cluster \(--context\)\?/.test(none.output)],
    [4, true],
    none.output,
  );
  await kubectl.has({ pods: [pod('a', true)] });
  const refused = await kubectl.ran('status');
  assert.equal(refused.code, 4);
  assert.match(
    refused.output,
    /Cannot reach port 10255 of the pod smartproxy-ingress\/a: error: unable to forward port .*; it takes create of pods\/portforward/,
  );
  await rm(join(kubectl.folder, 'kubectl'));
  const missing = new RunningCommand(t, ['status'], { PATH: kubectl.folder }, plugin);
  assert.deepEqual([await missing.exit(), /there is no kubectl on the PATH/.test(missing.output)], [4, true], missing.output);
  for (const [args, says] of [
    [['run'], /Cannot ask a pod 'run': there are explain, lint, diff, status, /],
    [['lint', '-f', '.', '-n', 'edge'], /Cannot use -n with manifests: no pod is asked/],
    [[], /Cannot ask a pod nothing/],
    [['status', '--admin', '127.0.0.1:1'], /Cannot use --admin here/],
  ] as const) {
    const wrong = await kubectl.ran(...args);
    assert.deepEqual([wrong.code, says.test(wrong.output)], [2, true], wrong.output);
  }
});
