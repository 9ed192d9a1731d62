import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { chartFolder } from './chart-folder.ts';
import { renderOptionTemplates } from './chart-options.ts';
import { renderCrdTemplate } from './crd-template.ts';
import { renderChartReadme } from './values-docs.ts';
import { renderValuesSchema } from './values-schema.ts';

interface GeneratedFile {
  readonly path: string;
  readonly render: () => string;
}

/** Copies of `sources` (a glob) in a folder of the chart: Helm reads nothing outside of a chart. */
function copies(sources: string, folder: string): readonly GeneratedFile[] {
  return globSync(sources)
    .sort()
    .map((source) => ({ path: `${chartFolder}/${folder}/${basename(source)}`, render: () => readFileSync(source, 'utf8') }));
}

const crdTemplates = globSync('crds/*.yaml')
  .sort()
  .map((source) => ({ path: `${chartFolder}/templates/crds/${basename(source)}`, render: () => renderCrdTemplate(source) }));

/** Files of the chart that come from the option table, the CRDs, values.yaml, and what is there for Prometheus and Grafana. */
export const chartFiles: readonly GeneratedFile[] = [
  { path: `${chartFolder}/README.md`, render: renderChartReadme },
  { path: `${chartFolder}/values.schema.json`, render: renderValuesSchema },
  { path: `${chartFolder}/templates/_options.tpl`, render: renderOptionTemplates },
  ...crdTemplates,
  ...copies('deploy/grafana/*.json', 'files/dashboards'),
  ...copies('deploy/prometheus/alerts.yaml', 'files'),
];
