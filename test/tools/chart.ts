import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { helmProgram } from './helm-kubectl.ts';

/** The Helm chart. */
export const chartPath = join(import.meta.dirname, '../../deploy/helm/smartproxy-ingress');
/** The release that renders are of, and its namespace. */
export const release = 'smartproxy-ingress';

/** What helm printed, and whether it succeeded. */
export interface HelmResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs helm; `input` is its standard input. */
export async function helm(args: readonly string[], input = ''): Promise<HelmResult> {
  const child = spawn(await helmProgram(), args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk));
  // A helm that fails before it has read everything is told by its exit code.
  child.stdin.on('error', () => undefined).end(input);
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { ok: code === 0, stdout, stderr };
}

/** `helm template` with these values; the pod of `helm test` is among the objects. */
export function renderChart(values: unknown): Promise<HelmResult> {
  return helm(['template', release, chartPath, '--namespace', release, '--values', '-'], JSON.stringify(values));
}

/** The objects of a render as text. Throws what helm says when it fails. */
export async function renderedChart(values: unknown): Promise<string> {
  const { ok, stdout, stderr } = await renderChart(values);
  if (!ok) throw new Error(stderr);
  return stdout;
}
