// `npm run bench [-- --quick] [--write] [--peers NAME,NAME] [--beside NAME=SCRIPT ...] [--rounds N] [CASE ...]`: us beside our peers, and
// beside other builds of ours, in one run; CPU time a unit, as ratios to the budgets.
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { figureBudgets } from './budgets.ts';
import { idleMemory, memoryAtRest } from './idle-memory.ts';
import type { Effort } from './measure.ts';
import { startBackend } from './peers/backend.ts';
import { makeCertificate } from './peers/certificate.ts';
import { benchHost, type PeerSetup, passthroughHost } from './peers/peer.ts';
import { peerPrograms } from './peers/programs.ts';
import { otherBuilds } from './peers/smartproxy.ts';
import { type Figure, renderFigures, renderMachine, renderTrafficCase } from './report.ts';
import { trafficCases } from './traffic/cases.ts';
import { writeLoadFiles } from './traffic/load-files.ts';
import { byMode, runCase, startPeers } from './traffic/run-traffic.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    peers: { type: 'string' },
    beside: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string' },
  },
});
const usual: Effort = values.quick
  ? { warmUpSeconds: 1, rounds: 3, secondsPerRound: 1 }
  : { warmUpSeconds: 6, rounds: 5, secondsPerRound: 2 };
const effort: Effort = { ...usual, rounds: roundsAsked() ?? usual.rounds };
/** For further cases on processes that have run before. */
const laterEffort: Effort = { ...effort, warmUpSeconds: Math.min(effort.warmUpSeconds, 3) };

const idleCase = 'idle-memory';
const figureFiles = globSync(`${import.meta.dirname}/cases/*.ts`).sort();
const caseNames = [...trafficCases.map(({ name }) => name), idleCase, ...figureFiles.map((file) => basename(file, '.ts'))];
const wanted = (name: string): boolean => positionals.length === 0 || positionals.includes(name);

const named = peerPrograms.filter(({ name }) => values.peers?.toLowerCase().split(',').includes(name.toLowerCase()) ?? true);
const programs = [...named, ...otherBuilds(values.beside)];
refuseUnknown('case', positionals, caseNames);
refuseUnknown(
  'peer',
  values.peers?.toLowerCase().split(',') ?? [],
  peerPrograms.map(({ name }) => name.toLowerCase()),
);

for (const text of values.beside) if (!/^\w+=.+/.test(text)) refuse(`--beside takes NAME=SCRIPT, and got ${text}`);

function roundsAsked(): number | undefined {
  if (values.rounds === undefined) return undefined;
  const rounds = Number(values.rounds);
  return Number.isInteger(rounds) && rounds > 0 ? rounds : refuse(`--rounds takes a number from 1, and got ${values.rounds}`);
}

function refuse(why: string): never {
  console.error(`Cannot run: ${why}`);
  process.exit(2);
}

function refuseUnknown(what: string, given: readonly string[], known: readonly string[]): void {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined) refuse(`${what} ${unknown}: there are ${known.join(', ')}`);
}

const sections: string[] = [];
function report(section: string): void {
  console.log(section);
  sections.push(section);
}

function reportFigures(title: string, figures: readonly Figure[]): void {
  report(
    renderFigures(
      title,
      figures.map((figure) => ({ budget: figureBudgets.get(figure.name), ...figure })),
    ),
  );
}

/** Memory first, on fresh processes; then the cases mode by mode. */
async function runPeers(dir: string): Promise<void> {
  const certificate = makeCertificate(dir, [benchHost, passthroughHost]);
  const backend = await startBackend(dir, certificate);
  await using parts = new AsyncDisposableStack();
  parts.defer(() => backend.stop());
  const files = writeLoadFiles(dir, backend.bulkFile);
  const setup = (mode: PeerSetup['mode']): PeerSetup => {
    const modeDir = join(dir, mode);
    mkdirSync(modeDir, { recursive: true });
    return { dir: modeDir, mode, ...certificate };
  };
  if (wanted(idleCase)) await runIdleMemory(setup('base'));
  for (const [mode, cases] of byMode(trafficCases.filter(({ name }) => wanted(name)))) {
    await using running = await startPeers(programs, setup(mode));
    for (const [index, test] of cases.entries()) {
      const { measurements, unmeasured } = await runCase(test, running, files, index === 0 ? effort : laterEffort);
      report(renderTrafficCase(test, measurements, unmeasured));
      if (unmeasured.some(({ failed }) => failed)) process.exitCode = 1;
    }
  }
}

async function runIdleMemory(setup: PeerSetup): Promise<void> {
  const count = values.quick ? 1000 : 4000;
  const figures: Figure[] = [];
  for (const kind of ['plain', 'TLS'] as const) {
    await using running = await startPeers(programs, setup);
    if (figures.length === 0) figures.push(...(await memoryAtRest(running.peers)));
    figures.push(...(await idleMemory(running.peers, kind, count)));
  }
  reportFigures(`${idleCase} (${count} connections)`, figures);
}

/** Cases that need no peer: each file in cases/ exports `run`, which gets the effort; only the L4 cases ask for it. */
async function runFigures(): Promise<void> {
  for (const file of figureFiles) {
    const name = basename(file, '.ts');
    if (!wanted(name)) continue;
    const module = (await import(file)) as { run: (effort: Effort) => Promise<readonly Figure[]> };
    reportFigures(name, await module.run(laterEffort));
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const dir = mkdtempSync(join(tmpdir(), 'smartproxy-bench-'));
try {
  if (wanted(idleCase) || trafficCases.some(({ name }) => wanted(name))) await runPeers(dir);
  await runFigures();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
if (values.write) {
  const head = `# Benchmark results\n\nWritten by \`npm run bench -- --write\`. CPU time of the whole process tree of each proxy, one worker each, in one run;\nread the ratios, not the absolute figures. [docs/performance.md](../docs/performance.md) says where the time goes.\n\n${renderMachine()}\n`;
  writeFileSync(join(import.meta.dirname, 'RESULTS.md'), `${head}\n${sections.join('\n')}`);
}
