import { join } from 'node:path';
import { moduleFolder } from './go-module.ts';

/** The Prometheus operator's own definitions of what a chart may ask it for, from its Go module. */
const pinned = {
  module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
  sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
} as const;

/** The files with the CRDs ServiceMonitor, PodMonitor and PrometheusRule. */
export async function operatorCrds(): Promise<readonly string[]> {
  const folder = await moduleFolder(pinned);
  return ['servicemonitors', 'podmonitors', 'prometheusrules'].map((name) =>
    join(folder, 'example/prometheus-operator-crd', `monitoring.coreos.com_${name}.yaml`),
  );
}
