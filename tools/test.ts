// `npm test [SUITE | FILE ...]`: every test there is, from cheap to real, then the plain line `N passed, N failed` for the whole.
import { existsSync, globSync } from 'node:fs';
import { dirname } from 'node:path';
import { spec, type TestEvent } from 'node:test/reporters';
import { messageOf } from '../src/errors.ts';
import { certManagerFolder } from '../test/tools/cert-manager/cert-manager.ts';
import { grpcInteropPrograms } from '../test/tools/grpc-interop.ts';
import { h2specFolder } from '../test/tools/h2spec.ts';
import { helmProgram, helmUnavailable } from '../test/tools/helm-kubectl.ts';
import { imagesForTests } from '../test/tools/image/product-image.ts';
import { kubeAssets } from '../test/tools/kube-assets.ts';
import { nodeForTests } from '../test/tools/node/kube-node.ts';
import { pebblePrograms } from '../test/tools/pebble.ts';
import { prometheusMissing, prometheusPrograms } from '../test/tools/prometheus-programs.ts';
import { sslyzeObstacle, sslyzePython } from '../test/tools/sslyze.ts';
import { missingPrerequisites } from './prerequisites.ts';
import { runCommand } from './run-command.ts';
import { runTestFiles } from './run-test-files.ts';
import { TestTally } from './test-tally.ts';

/** Suites from cheap to real, with how many files may run at once: those that measure or load the machine run alone. */
const suites: readonly { readonly name: string; readonly concurrency: number }[] = [
  { name: 'unit', concurrency: 2 },
  { name: 'property', concurrency: 2 },
  { name: 'fuzz', concurrency: 2 },
  { name: 'golden', concurrency: 1 },
  { name: 'feature', concurrency: 2 },
  { name: 'protocol', concurrency: 1 },
  { name: 'acme', concurrency: 1 },
  { name: 'fault', concurrency: 1 },
  { name: 'soak', concurrency: 1 },
  { name: 'chart', concurrency: 1 },
  { name: 'metrics', concurrency: 1 },
  { name: 'control-plane', concurrency: 1 },
  { name: 'cert-manager', concurrency: 1 },
  { name: 'image', concurrency: 1 },
  { name: 'e2e', concurrency: 1 },
];

/** A test file that has not ended by then is a failure: generous, so that a busy machine does not fail, nor a soak that was asked to be long. */
const fileTimeoutMs = 10 * 60_000 + 4000 * Number(process.env.SOAK_SECONDS ?? 0);

/** The totals of each file would hide what its tests said, and ours come at the end. */
async function* withoutTotals(events: AsyncIterable<TestEvent>): AsyncIterable<TestEvent> {
  for await (const event of events) if (event.type !== 'test:diagnostic' || !totals.test(event.data.message)) yield event;
}

const totals = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

async function runSuite(files: readonly string[], concurrency: number, tally: TestTally): Promise<void> {
  await runTestFiles(files, {
    concurrency,
    fileTimeoutMs,
    begun: (stream) => {
      tally.watch(stream);
      stream.compose(withoutTotals).compose(new spec()).pipe(process.stdout, { end: false });
    },
    ended: (file, ms) => durations.push({ file, ms }),
    overdue: (file) =>
      tally.add(`${file} did not end within ${fileTimeoutMs / 1000} s: it, or a process that it began, was still there`, false),
  });
}

function selectedFiles(suite: string, selection: readonly string[]): readonly string[] {
  const files = globSync(`test/${suite}/**/*.test.ts`).sort();
  return selection.length === 0
    ? files
    : files.filter((file) => selection.some((part) => file === part || file.startsWith(`test/${part}`)));
}

/**
 * Programs that a suite needs are built before it: the deadlines of its tests need not allow for that, and nothing leads outside of the
 * network namespaces that some of them run in.
 */
const programsOfSuite: Readonly<Record<string, readonly (() => Promise<string | undefined>)[]>> = {
  feature: [pinnedHelm],
  protocol: [h2specFolder, grpcInteropPrograms, pinnedSslyze],
  acme: [pebblePrograms],
  chart: [pinnedHelm, kubeAssets],
  metrics: [prometheusFolder],
  'control-plane': [pinnedHelm, kubeAssets, pebblePrograms],
  'cert-manager': [pinnedHelm, kubeAssets, pebblePrograms, certManagerFolder],
  image: [imagesForTests],
  e2e: [pinnedHelm, imagesForTests, nodeForTests],
};

/** Nothing where there is none for this machine: the tests that need it are skipped then, each with this reason. */
async function pinnedHelm(): Promise<string | undefined> {
  return helmUnavailable() === undefined ? await helmProgram() : undefined;
}

async function prometheusFolder(): Promise<string | undefined> {
  return prometheusMissing() === false ? dirname(prometheusPrograms().prometheus) : undefined;
}

async function pinnedSslyze(): Promise<string | undefined> {
  return sslyzeObstacle() === undefined ? await sslyzePython() : undefined;
}

async function buildPrograms(suite: string): Promise<void> {
  for (const build of programsOfSuite[suite] ?? []) {
    try {
      const folder = await build();
      if (folder !== undefined) console.log(`programs of ${suite}: ${folder}`);
    } catch (error) {
      tally.add(messageOf(error), false);
    }
  }
}

/** Where the time of the whole goes. */
function slowestFiles(): readonly string[] {
  const slowest = durations.toSorted((a, b) => b.ms - a.ms).slice(0, 15);
  return slowest.filter(({ ms }) => ms > 10_000).map(({ file, ms }) => `SLOW ${Math.round(ms / 1000)} s ${file}`);
}

const durations: { readonly file: string; readonly ms: number }[] = [];
const selection = process.argv.slice(2);
const tally = new TestTally(process.env.CI === 'true');

for (const missing of missingPrerequisites()) console.log(`MISSING ${missing}`);
if (selection.length === 0) tally.add('check', (await runCommand(process.execPath, ['tools/check.ts'])) === 0);
for (const suite of suites) {
  const files = selectedFiles(suite.name, selection);
  if (files.length === 0) continue;
  const beganMs = performance.now();
  await buildPrograms(suite.name);
  await runSuite(files, suite.concurrency, tally);
  console.log(`suite ${suite.name}: ${files.length} files in ${Math.round((performance.now() - beganMs) / 1000)} s`);
}
for (const part of selection) if (!existsSync(part) && !existsSync(`test/${part}`)) tally.add(`no such suite or file: ${part}`, false);

for (const line of [...slowestFiles(), ...tally.summary()]) console.log(line);
process.exit(tally.failed === 0 ? 0 : 1);
