import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtPrograms, readGoBuild } from './go-build.ts';

const build = readGoBuild('h2spec');

/** The folder with h2spec, built once from its pinned Go module into the user's cache. */
export function h2specFolder(): Promise<string> {
  return builtPrograms(build);
}

/** One case of h2spec's report. */
export interface H2specCase {
  /** Its section and title; with a running number where a section has several cases of one title. */
  readonly name: string;
  /** What it expected and what it saw instead; undefined when it passed. */
  readonly problem: string | undefined;
}

/** Every case that h2spec has, the strict ones too, against a server on 127.0.0.1. */
export async function runH2spec(port: number, options: { readonly tls: boolean; readonly path?: string }): Promise<readonly H2specCase[]> {
  const program = join(await h2specFolder(), 'h2spec');
  const folder = mkdtempSync(join(tmpdir(), 'h2spec-'));
  const report = join(folder, 'report.xml');
  const target = ['-h', '127.0.0.1', '-p', String(port), '-P', options.path ?? '/', ...(options.tls ? ['-t', '-k'] : [])];
  try {
    // It exits with 1 when a case fails; whether it ran at all is told by the report.
    const output = await outputOf(program, ['--strict', '--timeout', '5', '--junit-report', report, ...target]);
    return parseReport(readReport(report, output));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function outputOf(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, { maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve(`${error === null || error.code === 1 ? '' : error.message}${stdout}${stderr}`);
    });
  });
}

function readReport(file: string, output: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Error(`Cannot read the report of h2spec: ${output.slice(-2000)}`);
  }
}

/** The cases of a JUnit report as h2spec writes it. */
function parseReport(xml: string): readonly H2specCase[] {
  const seen = new Map<string, number>();
  const cases: H2specCase[] = [];
  for (const [, attributes = '', body = ''] of xml.matchAll(/<testcase ([^>]*)>([\s\S]*?)<\/testcase>/g)) {
    const title = `${attribute(attributes, 'package')}: ${attribute(attributes, 'classname')}`;
    const count = (seen.get(title) ?? 0) + 1;
    seen.set(title, count);
    cases.push({ name: count === 1 ? title : `${title} (${count})`, problem: problemOf(body) });
  }
  return cases;
}

function problemOf(body: string): string | undefined {
  if (body.trim() === '') return undefined;
  const text = unescaped(body.replaceAll(/<[^>]*>/g, ' ')).trim();
  return body.includes('<skipped') ? `skipped ${text}` : `the last line is what it saw: ${text}`;
}

function attribute(attributes: string, name: string): string {
  return unescaped(new RegExp(`${name}="([^"]*)"`).exec(attributes)?.[1] ?? '');
}

function unescaped(text: string): string {
  return text
    .replaceAll('&#34;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&#xA;', ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
