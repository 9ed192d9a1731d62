// `npm run bench [-- --quick] [--write] [CASE ...]`: us beside nginx and HAProxy in one run; CPU time a unit, as ratios to the budgets.
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { figureBudgets } from './budgets.ts';
import { idleConnectionKib } from './idle-memory.ts';
import { type Effort, measure } from './measure.ts';
import { backendHttpPort, backendHttpsPort, startBackend } from './peers/backend.ts';
import { startHaproxy } from './peers/haproxy.ts';
import { startNginx } from './peers/nginx.ts';
import { benchHost, type PeerSetup, passthroughHost } from './peers/peer.ts';
import { startSmartProxy } from './peers/smartproxy.ts';
import { type Figure, renderFigures, renderMachine, renderTrafficCase } from './report.ts';
import { type Peers, trafficCases } from './traffic.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
});
const effort: Effort = values.quick
  ? { warmUpSeconds: 3, rounds: 3, secondsPerRound: 3 }
  : { warmUpSeconds: 10, rounds: 7, secondsPerRound: 4 };
const wanted = (name: string): boolean => positionals.length === 0 || positionals.includes(name);

function makeCertificate(dir: string): { certificateFile: string; keyFile: string } {
  const certificateFile = join(dir, 'tls.crt');
  const keyFile = join(dir, 'tls.key');
  const names = `subjectAltName=DNS:${benchHost},DNS:${passthroughHost}`;
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-days', '2', '-subj', '/CN=bench', '-addext', names, '-keyout', keyFile, '-out', certificateFile],
    {
      stdio: 'ignore',
    },
  );
  return { certificateFile, keyFile };
}

const sections: string[] = [];
function report(section: string): void {
  console.log(section);
  sections.push(section);
}

async function runTraffic(peers: Peers): Promise<void> {
  for (const test of trafficCases.filter(({ name }) => wanted(name))) {
    report(renderTrafficCase(test, await measure(test.subjects(peers), effort)));
  }
}

async function runIdleMemory({ nginx, ours }: Peers): Promise<void> {
  const count = values.quick ? 1000 : 4000;
  const figures: Figure[] = [];
  for (const [kind, tls] of [
    ['plain', false],
    ['TLS', true],
  ] as const) {
    for (const peer of [nginx, ours]) {
      const value = await idleConnectionKib(peer, tls ? peer.httpsPort : peer.httpPort, tls, count);
      const name = `${peer.name}, ${kind}`;
      figures.push({ name, unit: 'KiB', value, budget: figureBudgets.get(name) });
    }
  }
  report(renderFigures(`idle-memory (${count} connections)`, figures));
}

async function runPeers(dir: string): Promise<void> {
  const certificate = makeCertificate(dir);
  const setup: PeerSetup = { dir, backendHttpPort, backendHttpsPort, ...certificate };
  await using started = new AsyncDisposableStack();
  const keep = <T extends { stop(): Promise<void> }>(peer: T): T => {
    started.defer(() => peer.stop());
    return peer;
  };
  keep(await startBackend(dir, certificate.certificateFile, certificate.keyFile));
  const nginx = keep(await startNginx(setup));
  const haproxy = keep(await startHaproxy(setup));
  const ours = keep(await startSmartProxy(setup));
  await runTraffic({ nginx, haproxy, ours });
  if (wanted('idle-memory')) await runIdleMemory({ nginx, haproxy, ours });
}

/** Cases that need no peer: each file in cases/ exports `run`. */
async function runFigures(): Promise<void> {
  for (const file of globSync(`${import.meta.dirname}/cases/*.ts`).sort()) {
    const name = basename(file, '.ts');
    if (!wanted(name)) continue;
    const module = (await import(file)) as { run: () => Promise<readonly Figure[]> };
    const figures = await module.run();
    report(
      renderFigures(
        name,
        figures.map((figure) => ({ ...figure, budget: figureBudgets.get(figure.name) })),
      ),
    );
  }
}

const dir = mkdtempSync(join(tmpdir(), 'smartproxy-bench-'));
try {
  if (wanted('idle-memory') || trafficCases.some(({ name }) => wanted(name))) await runPeers(dir);
  await runFigures();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
if (values.write) {
  const head = `# Benchmark results\n\nWritten by \`npm run bench -- --write\`. CPU time of the whole process tree of each proxy, one worker each, in one run;\nread the ratios, not the absolute figures. [docs/performance.md](../docs/performance.md) says where the time goes.\n\n${renderMachine()}\n`;
  writeFileSync(join(import.meta.dirname, 'RESULTS.md'), `${head}\n${sections.join('\n')}`);
}
