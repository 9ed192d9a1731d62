// The longest turn of a worker's event loop in its worst operations, each named.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ask, askHttp2, handshake, http2Sessions, openSockets } from '../event-loop/clients.ts';
import { MeasuredProgram } from '../event-loop/measured-program.ts';
import { wrk } from '../load-wrk.ts';
import { type Backend, bulkPath, startBackend } from '../peers/backend.ts';
import { type CertificateFiles, makeCertificate } from '../peers/certificate.ts';
import { benchHost, manyHosts, type PeerSetup, passthroughHost, uploadPath } from '../peers/peer.ts';
import { ingress, tlsSecret } from '../peers/smartproxy.ts';
import { processTree } from '../process-tree.ts';
import type { Figure } from '../report.ts';
import { writeLoadFiles } from '../traffic/load-files.ts';

const rounds = 5;
const handshakesAtOnce = 100;
const http2Connections = 10;
const streamsEach = 100;
/** About what `--max-headers` and `--max-header-size` allow, with the 32 bytes a field that HTTP/2 counts. */
const largeHeaders: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 90 }, (_, index) => [`x-large-${index}`, `${index}`.padEnd(125, '~')]),
);
const body = Buffer.alloc(1_048_576);
const retryMs = 20;
/** Accepting is one connection a turn: only connections that were accepted before bring their first bytes in one turn. */
const acceptedMs = 200;

/** One thing that a worker does, and how often it is tried; the longest turn of all counts. */
interface Operation {
  readonly name: string;
  readonly times: number;
  readonly work: (round: number) => Promise<unknown>;
}

function expect200(status: number): void {
  if (status !== 200 && status !== 206) throw new Error(`Cannot measure a turn: the answer is ${status}`);
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < times; round++) await work();
}

/** Changes of the table: each ends when the worker serves it. */
function tableOperations(program: MeasuredProgram, certificates: readonly CertificateFiles[]): readonly Operation[] {
  const { httpPort, httpsPort } = program.peer;
  const served = async (host: string): Promise<void> => {
    while ((await ask({ port: httpPort, host })) !== 200) await delay(retryMs);
  };
  const plain = (host: string): string => ingress({ name: host.split('.')[0] ?? '', host, service: 'app' });
  const tlsHost = (index: number): string => `tls-${index}.bench.test`;
  const manyTls = certificates.map((files, index) => {
    const host = tlsHost(index);
    const annotations = 'smartproxy.dev/ssl-redirect: "false"';
    return tlsSecret(`tls-${index}`, files) + ingress({ name: `tls-${index}`, host, service: 'app', secret: `tls-${index}`, annotations });
  });
  return [
    {
      name: 'table of 10,000 Ingresses',
      times: 1,
      work: async () => {
        program.writeManifests('many', manyHosts.map(plain).join(''));
        await served(manyHosts.at(-1) ?? '');
      },
    },
    {
      name: 'one Ingress more than 10,000',
      times: rounds,
      work: async (round) => {
        const host = `change-${round}.bench.test`;
        program.writeManifests('change', plain(host));
        await served(host);
      },
    },
    {
      name: `${certificates.length} certificates (RSA 2048) arrive`,
      times: 1,
      work: async () => {
        program.writeManifests('tls', manyTls.join(''));
        await served(tlsHost(certificates.length - 1));
      },
    },
    {
      name: 'first handshake with a certificate: its context is made',
      times: certificates.length,
      work: async (round) => {
        for (const socket of await openSockets(httpsPort, 1)) await handshake(socket, tlsHost(round));
      },
    },
  ];
}

function trafficOperations(program: MeasuredProgram, backend: Backend, script: string): readonly Operation[] {
  const { httpPort, httpsPort, statusPort } = program.peer;
  return [
    {
      name: `${handshakesAtOnce} TLS handshakes at once`,
      times: rounds,
      work: async () => {
        const sockets = await openSockets(httpsPort, handshakesAtOnce);
        await delay(acceptedMs);
        let done: Promise<unknown> = Promise.resolve();
        await program.allAtOnce(async () => {
          done = Promise.all(sockets.map((socket) => handshake(socket)));
        });
        await done;
      },
    },
    {
      name: 'largest header, HTTP/1.1',
      times: rounds,
      work: () => repeat(20, async () => expect200(await ask({ port: httpPort, headers: largeHeaders }))),
    },
    {
      name: 'largest header, HTTP/2',
      times: rounds,
      work: async () => {
        const [session] = await http2Sessions(httpsPort, 1);
        if (session === undefined) return;
        await repeat(20, async () => expect200(await askHttp2(session, largeHeaders)));
        session.destroy();
      },
    },
    {
      name: '1 MiB up',
      times: rounds,
      work: async () => expect200(await ask({ port: httpPort, path: uploadPath, body })),
    },
    {
      name: '1 MiB down',
      times: rounds,
      work: async () => expect200(await ask({ port: httpPort, path: bulkPath, headers: { range: `bytes=0-${body.length - 1}` } })),
    },
    ...streamOperations(program, backend),
    {
      name: 'full load on 10,000 hosts, access log on',
      times: rounds,
      work: () => wrk({ url: `http://${benchHost}:${httpPort}/`, seconds: 2, connections: 64, script }),
    },
    {
      name: 'scrape after requests for 10,000 hosts',
      times: rounds,
      work: async () => expect200(await ask({ port: statusPort, path: '/metrics' })),
    },
  ];
}

function signal({ pid: root }: Backend, name: NodeJS.Signals): void {
  for (const pid of processTree(root)) process.kill(pid, name);
}

/** First the requests of many streams at once, while the backend is stopped; then its answers at once. */
function streamOperations(program: MeasuredProgram, backend: Backend): readonly Operation[] {
  const port = program.peer.httpsPort;
  let answers: readonly Promise<number>[] = [];
  let close = (): void => {};
  const streams = http2Connections * streamsEach;
  const sendAll = async (): Promise<void> => {
    const sessions = await http2Sessions(port, http2Connections);
    close = () => {
      for (const session of sessions) session.destroy();
    };
    signal(backend, 'SIGSTOP');
    await program.allAtOnce(async () => {
      answers = sessions.flatMap((session) => Array.from({ length: streamsEach }, () => askHttp2(session)));
    });
  };
  const answerAll = async (): Promise<void> => {
    await program.allAtOnce(async () => signal(backend, 'SIGCONT'));
    for (const status of await Promise.all(answers)) expect200(status);
    close();
  };
  return Array.from({ length: rounds }, (): readonly Operation[] => [
    { name: `requests of ${streams} HTTP/2 streams at once`, times: 1, work: sendAll },
    { name: `answers to ${streams} HTTP/2 streams at once`, times: 1, work: answerAll },
  ]).flat();
}

/** The longest turn by operation, in milliseconds, the worst of them first. */
async function longestTurns(program: MeasuredProgram, operations: readonly Operation[]): Promise<readonly [string, number][]> {
  const longest = new Map<string, number>();
  for (const { name, times, work } of operations) {
    for (let round = 0; round < times; round++) {
      const turnMs = await program.longestTurn(() => work(round));
      longest.set(name, Math.max(longest.get(name) ?? 0, turnMs));
    }
  }
  return [...longest].sort(([, a], [, b]) => b - a);
}

export async function run(): Promise<readonly Figure[]> {
  const dir = mkdtempSync(join(tmpdir(), 'smartproxy-bench-'));
  await using parts = new AsyncDisposableStack();
  parts.defer(() => rmSync(dir, { recursive: true, force: true }));
  const certificate = makeCertificate(dir, [benchHost, passthroughHost]);
  const backend = await startBackend(dir, certificate);
  parts.defer(() => backend.stop());
  parts.defer(() => signal(backend, 'SIGCONT')); // a stopped process does not end
  const setup: PeerSetup = { dir: join(dir, 'access-log'), mode: 'access-log', ...certificate };
  mkdirSync(setup.dir);
  const program = parts.use(await MeasuredProgram.start(setup));
  const certificates = Array.from({ length: 10 }, (_, index) => makeCertificate(dir, [`tls-${index}.bench.test`], 'rsa'));
  const { manyHostsScript } = writeLoadFiles(dir, backend.bulkFile);
  const operations = [...tableOperations(program, certificates), ...trafficOperations(program, backend, manyHostsScript)];
  return (await longestTurns(program, operations)).map(([name, value]) => ({
    name: `longest turn: ${name}`,
    unit: 'ms',
    value,
    budget: 20,
  }));
}
