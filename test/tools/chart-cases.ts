import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** Where `<case>.in.yaml` (values) and `<case>.out.yaml` (what the chart makes of them) are. */
export const chartGoldens = join(import.meta.dirname, '../chart/golden');

/** Values of the chart as a user's file has them. */
export type ChartValues = { readonly [key: string]: unknown };

/** The matrix of values that the chart is tried with, by name. */
export const chartCases: readonly { readonly name: string; readonly values: ChartValues }[] = readdirSync(chartGoldens)
  .filter((file) => file.endsWith('.in.yaml'))
  .sort()
  .map((file) => ({
    name: file.slice(0, -'.in.yaml'.length),
    // As Helm reads it: `off` is false.
    values: parse(readFileSync(join(chartGoldens, file), 'utf8'), { version: '1.1' }) as ChartValues,
  }));
