import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The Prometheus operator's own definitions of what a chart may ask it for, from its Go module. */
const pinned = {
  module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
  sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
} as const;

/** The files with the CRDs ServiceMonitor, PodMonitor and PrometheusRule, fetched once into Go's module cache. */
export async function operatorCrds(): Promise<readonly string[]> {
  const { stdout } = await run('go', ['mod', 'download', '-json', pinned.module], { cwd: import.meta.dirname, maxBuffer: 1024 * 1024 });
  const { Dir: folder, Sum: sum } = JSON.parse(stdout) as { readonly Dir: string; readonly Sum: string };
  if (sum !== pinned.sum) throw new Error(`Cannot use ${pinned.module}: its sum is ${sum}, expected ${pinned.sum}`);
  return ['servicemonitors', 'podmonitors', 'prometheusrules'].map((name) =>
    join(folder, 'example/prometheus-operator-crd', `monitoring.coreos.com_${name}.yaml`),
  );
}
