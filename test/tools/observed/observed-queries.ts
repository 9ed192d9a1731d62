import { eventually } from '../eventually.ts';
import type { PrometheusServer, QueriedSeries } from './prometheus-server.ts';
import { metricOf, selectorsOf, substituted } from './promql.ts';
import type { ShippedDashboard } from './shipped-dashboards.ts';

/** A query needs some seconds of scrapes, more on a busy machine: a deadline for what never comes. */
const deadlineMs = 120_000;
/** What Grafana puts in by itself; the interval is several scrapes long. */
const builtIn = { __rate_interval: '20s', __range: '2m' };

/** Whether a query asks for what the kernel counts: only a run with rules has that. */
export function isOfKernel(expr: string): boolean {
  return selectorsOf(expr).some((selector) => metricOf(selector).startsWith('smartproxy_kernel_'));
}

/** What a query gives once it gives numbers. */
export function numbersOf(prometheus: PrometheusServer, where: string, expr: string): Promise<readonly QueriedSeries[]> {
  const numbers = async () => {
    const series = await prometheus.query(expr);
    return series.some(({ value }) => Number.isFinite(value)) ? series : undefined;
  };
  return eventually(`${where} has data: ${expr}`, numbers, deadlineMs);
}

/** Values of a dashboard's variables, of those that there are. */
export async function chosenVariables(
  prometheus: PrometheusServer,
  { variables }: ShippedDashboard,
): Promise<Readonly<Record<string, string>>> {
  const chosen: Record<string, string> = { ...builtIn };
  for (const { name, query } of variables) {
    const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/s.exec(query) ?? [];
    const values = await eventually(`$${name} has values`, async () => {
      const found = await prometheus.labelValues(label, substituted(selector, chosen));
      return found.length > 0 && found;
    });
    // All of the routes, for no single one has everything; of the others the one that there is.
    chosen[name] = name === 'route' ? '.*' : (values[0] ?? '');
  }
  return chosen;
}
