import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import { commandsOfKind, documentedCommands } from '../../tools/documented-commands.ts';
import { eventually } from '../../tools/eventually.ts';
import { get } from '../../tools/get.ts';
import { insideNamespace } from '../../tools/network-namespace.ts';
import { outputOf, passingShell, type ShellOptions, shell, startShell } from '../../tools/shell.ts';

const root = join(import.meta.dirname, '../../..');
/** Names the copy of the repository for the run inside the namespace, where the ports of the pages are free. */
const copyVariable = 'SMARTPROXY_TEST_COPY';
const notCopied = new Set(['node_modules', '.git', 'dist']);

/** A status of 400 and above is a failure of curl's; proxies of this machine are not for these addresses. */
const curlSettings = 'fail\nsilent\nshow-error\nnoproxy = "*"\n';

function optionsIn(folder: string): ShellOptions {
  return { folder, env: { CURL_HOME: folder, npm_config_update_notifier: 'false' } };
}

/** Runs the program as a page says, until the test is over; resolves when it serves. */
async function started(t: TestContext, command: string, folder: string): Promise<void> {
  const child = startShell(command, optionsIn(folder));
  const output = outputOf(child);
  const ended = once(child, 'close');
  t.after(async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
    await ended;
  });
  await eventually(
    `${command} serves`,
    async () => {
      assert.equal(child.exitCode, null, output());
      return (await get(10254, 'localhost', '/readyz')).body === 'ok\n';
    },
    60_000,
  );
}

/** Requests one after the other, so that there is something to see, until the function that it gives is called. */
function steadyRequests(): () => Promise<void> {
  let isOver = false;
  const running = (async () => {
    while (!isOver) await get(8080, 'shop.localhost', '/');
  })();
  return () => {
    isOver = true;
    return running;
  };
}

function define(folder: string): void {
  suite('documented commands in a copy of the repository', () => {
    for (const command of commandsOfKind('checkout')) {
      test(`documented command: ${command}`, async () => {
        await passingShell(command, optionsIn(folder));
      });
    }

    test('documented commands: generated files and goldens come out as they are on file', async () => {
      for (const path of ['docs/configuration.md', 'docs/metrics.md', 'test/golden/classes.out.yaml', 'deploy/manifests/install.yaml']) {
        assert.equal(await readFile(join(folder, path), 'utf8'), await readFile(join(root, path), 'utf8'), path);
      }
    });

    const [start = '', startForProfiles = ''] = commandsOfKind('start');
    test(`documented command: ${start}, and those beside it`, async (t) => {
      await started(t, start, folder);
      for (const command of commandsOfKind('beside')) {
        await t.test(command, async () => {
          const output = await passingShell(command, optionsIn(folder));
          if (command.endsWith('/readyz')) assert.equal(output, 'ok\n');
        });
      }
    });

    const [startOfExamples = '', ...besideExamples] = commandsOfKind('examples');
    test(`documented command: ${startOfExamples}, and those beside it`, async (t) => {
      await started(t, startOfExamples, folder);
      for (const command of besideExamples) {
        await t.test(command, async () => {
          await passingShell(command, optionsIn(folder));
        });
      }
    });

    test(`documented command: ${startForProfiles}, and what looks into it`, async (t) => {
      await started(t, startForProfiles, folder);
      for (const [command, drive] of documentedCommands) {
        if (drive.kind !== 'profile') continue;
        const isThere = spawnSync('sh', ['-c', `command -v ${drive.program}`]).status === 0;
        const skip = isThere || process.env.CI === 'true' ? false : `${drive.program} is not installed`;
        await t.test(command, { skip }, async () => {
          const stop = steadyRequests();
          try {
            const { code, output } = await shell(command, optionsIn(folder));
            // `timeout` has a status of its own for a program that it ended.
            assert.ok(code === 0 || (command.startsWith('timeout ') && code === 124), `${command}\n${output.slice(-3000)}`);
            if (drive.program === 'strace') assert.match(output, /calls.*syscall/s);
            if (drive.program === 'wrk') assert.match(output, /Requests\/sec/);
          } finally {
            await stop();
          }
        });
      }
    });
  });
}

const copy = process.env[copyVariable];
if (copy === undefined) {
  let parent = '';
  before(async () => {
    parent = await mkdtemp(join(tmpdir(), 'smartproxy-documented-'));
    const folder = join(parent, 'copy');
    await cp(root, folder, { recursive: true, filter: (source) => !notCopied.has(basename(source)) });
    await writeFile(join(folder, '.curlrc'), curlSettings);
    for (const command of commandsOfKind('install')) await passingShell(command, optionsIn(folder));
    process.env[copyVariable] = folder;
  });
  after(() => rm(parent, { recursive: true, force: true }));
}
insideNamespace(import.meta.filename, [], () => define(copy ?? ''));
