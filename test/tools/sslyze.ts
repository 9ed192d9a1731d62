import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './cache-folder.ts';
import { fetchPatiently } from './fetch-patiently.ts';
import { withLock } from './lock-file.ts';

const run = promisify(execFile);
const requirements = join(import.meta.dirname, 'sslyze', 'requirements.txt');
const version = /^# sslyze==(.+)$/m.exec(readFileSync(requirements, 'utf8'))?.[1] ?? '';

/** Why sslyze can't be had here; undefined when it can. */
export function sslyzeObstacle(): string | undefined {
  const check = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))';
  const { status } = spawnSync('python3', ['-c', check], { stdio: 'ignore' });
  return status === 0 ? undefined : 'no Python 3.10 or newer with venv and pip, to install sslyze with';
}

/** A Python with sslyze, installed once from its pinned packages into the user's cache. */
export async function sslyzePython(): Promise<string> {
  const cache = cacheFolder(`sslyze-${version}`);
  const python = join(cache, 'venv', 'bin', 'python');
  const done = join(cache, 'done');
  if (existsSync(done)) return python;
  mkdirSync(cache, { recursive: true });
  const note = (text: string) => process.stderr.write(`sslyze ${version}: ${text}\n`);
  await withLock(join(cache, 'lock'), note, async () => {
    if (existsSync(done)) return;
    note('installing from PyPI (once)');
    await run('python3', ['-m', 'venv', '--clear', join(cache, 'venv')]);
    const install = ['-m', 'pip', 'install', '--quiet', '--no-deps'];
    await fetchPatiently(note, () => run(python, [...install, '--only-binary', ':all:', '--requirement', requirements]));
    // It has no wheel, and is built with the tools that are pinned among the others.
    const build = [...install, '--no-build-isolation', '--no-binary', 'sslyze', `sslyze==${version}`];
    await fetchPatiently(note, () => run(python, build));
    const mark = mkdtempSync(join(cache, 'mark-'));
    renameSync(mark, done);
  });
  return python;
}

/** What sslyze found out about a server, in words that fit into a table, by what it looked at. */
type TlsScan = ReadonlyMap<string, string>;

interface CipherSuites {
  readonly is_tls_version_supported: boolean;
  readonly accepted_cipher_suites: readonly { readonly cipher_suite: { readonly name: string } }[];
}

interface Results {
  readonly ssl_2_0_cipher_suites: CipherSuites;
  readonly ssl_3_0_cipher_suites: CipherSuites;
  readonly tls_1_0_cipher_suites: CipherSuites;
  readonly tls_1_1_cipher_suites: CipherSuites;
  readonly tls_1_2_cipher_suites: CipherSuites;
  readonly tls_1_3_cipher_suites: CipherSuites;
  readonly tls_compression: { readonly supports_compression: boolean };
  readonly tls_1_3_early_data: { readonly supports_early_data: boolean };
  readonly openssl_ccs_injection: { readonly is_vulnerable_to_ccs_injection: boolean };
  readonly tls_fallback_scsv: { readonly supports_fallback_scsv: boolean };
  readonly heartbleed: { readonly is_vulnerable_to_heartbleed: boolean };
  readonly robot: { readonly robot_result: string };
  readonly session_renegotiation: {
    readonly supports_secure_renegotiation: boolean;
    readonly is_vulnerable_to_client_renegotiation_dos: boolean;
  };
  readonly session_resumption: {
    readonly session_id_successful_resumptions_count: number;
    readonly tls_ticket_successful_resumptions_count: number;
    readonly tls_ticket_attempted_resumptions_count: number;
  };
  readonly elliptic_curves: { readonly supported_curves: readonly { readonly name: string }[] };
  readonly tls_extended_master_secret: { readonly supports_ems_extension: boolean };
}

const commands = [
  ...['--sslv2', '--sslv3', '--tlsv1', '--tlsv1_1', '--tlsv1_2', '--tlsv1_3', '--reneg', '--resum', '--heartbleed', '--openssl_ccs'],
  ...['--fallback', '--compression', '--robot', '--early_data', '--elliptic_curves', '--ems', '--mozilla_config=disable', '--quiet'],
];

const versions: readonly (readonly [keyof Results & `${string}_cipher_suites`, string])[] = [
  ['ssl_2_0_cipher_suites', 'SSL 2'],
  ['ssl_3_0_cipher_suites', 'SSL 3'],
  ['tls_1_0_cipher_suites', 'TLS 1.0'],
  ['tls_1_1_cipher_suites', 'TLS 1.1'],
  ['tls_1_2_cipher_suites', 'TLS 1.2'],
  ['tls_1_3_cipher_suites', 'TLS 1.3'],
];

/** Looks at a server on 127.0.0.1. Rejects when a part of it could not be done. */
export async function scanTls(port: number, serverName: string): Promise<TlsScan> {
  const folder = mkdtempSync(join(tmpdir(), 'sslyze-'));
  const report = join(folder, 'report.json');
  try {
    const args = ['-m', 'sslyze', ...commands, '--json_out', report, '--sni', serverName, `127.0.0.1:${port}`];
    const ran = await run(await sslyzePython(), args, { timeout: 120_000 }).catch((error: unknown) => String(error));
    if (!existsSync(report)) throw new Error(`Cannot read the report of sslyze: ${JSON.stringify(ran).slice(-2000)}`);
    return summary(resultsOf(JSON.parse(readFileSync(report, 'utf8'))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Report {
  readonly server_scan_results: readonly {
    readonly scan_result: Readonly<
      Record<string, { readonly status: string; readonly result: unknown; readonly error_trace: unknown }>
    > | null;
  }[];
}

function resultsOf({ server_scan_results: [server] }: Report): Results {
  if (server?.scan_result === undefined || server.scan_result === null)
    throw new Error('Cannot read the report of sslyze: it did not connect');
  const entries = Object.entries(server.scan_result).filter(([, { status }]) => status !== 'NOT_SCHEDULED');
  for (const [name, { status, error_trace }] of entries) {
    if (status !== 'COMPLETED') throw new Error(`Cannot read the report of sslyze: ${name} is ${status}: ${JSON.stringify(error_trace)}`);
  }
  return Object.fromEntries(entries.map(([name, { result }]) => [name, result])) as unknown as Results;
}

function summary(results: Results): TlsScan {
  const { session_resumption: resumption, session_renegotiation: renegotiation } = results;
  const suites = results.tls_1_2_cipher_suites.accepted_cipher_suites.map(({ cipher_suite: { name } }) => name);
  const resumed = (count: number) => `resumed ${count} of ${resumption.tls_ticket_attempted_resumptions_count}`;
  return new Map([
    ['Versions', versions.flatMap(([key, name]) => (results[key].is_tls_version_supported ? [name] : [])).join(', ')],
    ['Suites of TLS 1.2, with an ECDSA certificate', String(suites.length)],
    ['of these with CBC', String(suites.filter((name) => name.includes('_CBC_')).length)],
    ['of these without forward secrecy', String(suites.filter((name) => !/^TLS_(?:ECDHE|DHE)_/.test(name)).length)],
    ['Suites of TLS 1.3', String(results.tls_1_3_cipher_suites.accepted_cipher_suites.length)],
    [
      'Curves',
      results.elliptic_curves.supported_curves
        .map(({ name }) => name)
        .toSorted()
        .join(', '),
    ],
    ['Tickets of TLS 1.2', resumed(resumption.tls_ticket_successful_resumptions_count)],
    ['Session ids of TLS 1.2', resumed(resumption.session_id_successful_resumptions_count)],
    ['Early data', yesOrNo(results.tls_1_3_early_data.supports_early_data)],
    ['Compression', yesOrNo(results.tls_compression.supports_compression)],
    ['Renegotiation by clients', yesOrNo(renegotiation.is_vulnerable_to_client_renegotiation_dos)],
    ['Secure renegotiation (RFC 5746)', yesOrNo(renegotiation.supports_secure_renegotiation)],
    ['Fallback signal (RFC 7507)', yesOrNo(results.tls_fallback_scsv.supports_fallback_scsv)],
    ['Extended master secret (RFC 7627)', yesOrNo(results.tls_extended_master_secret.supports_ems_extension)],
    [
      'Heartbleed, CCS injection',
      yesOrNo(results.heartbleed.is_vulnerable_to_heartbleed || results.openssl_ccs_injection.is_vulnerable_to_ccs_injection),
    ],
    ['ROBOT', yesOrNo(!results.robot.robot_result.startsWith('NOT_VULNERABLE'))],
  ]);
}

function yesOrNo(is: boolean): string {
  return is ? 'yes' : 'no';
}
