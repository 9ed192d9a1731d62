import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { renderAnnotationDocs } from '../src/api/annotation-docs.ts';
import { renderConfigurationDocs } from '../src/config/configuration-docs.ts';
import { renderLimitTable } from '../src/networkproxy/limit-docs.ts';
import { renderConnectionDocs } from '../src/observability/connection-docs.ts';
import { renderMetricDocs } from '../src/observability/metric-docs.ts';
import { renderProblemDocs } from '../src/translate/problem-docs.ts';
import { chartFolder } from './chart/chart-folder.ts';
import { renderOptionTemplates } from './chart/chart-options.ts';
import { renderChartReadme } from './chart/values-docs.ts';
import { renderValuesSchema } from './chart/values-schema.ts';

interface GeneratedFile {
  readonly path: string;
  readonly render: () => string;
}

/** What the chart installs for Prometheus and Grafana: Helm reads nothing outside of a chart. */
function chartCopies(): readonly GeneratedFile[] {
  const copies = (sources: string, folder: string) =>
    globSync(sources)
      .sort()
      .map((source) => ({ path: `${chartFolder}/${folder}/${basename(source)}`, render: () => readFileSync(source, 'utf8') }));
  return [...copies('deploy/grafana/*.json', 'files/dashboards'), ...copies('deploy/prometheus/alerts.yaml', 'files')];
}

/** Files that come from the code's own tables: path and content. */
export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'docs/annotations.md', render: renderAnnotationDocs },
  { path: 'docs/configuration.md', render: renderConfigurationDocs },
  { path: 'docs/connections.md', render: () => renderConnectionDocs(renderLimitTable()) },
  { path: 'docs/metrics.md', render: renderMetricDocs },
  { path: 'docs/problems.md', render: renderProblemDocs },
  { path: `${chartFolder}/README.md`, render: renderChartReadme },
  { path: `${chartFolder}/values.schema.json`, render: renderValuesSchema },
  { path: `${chartFolder}/templates/_options.tpl`, render: renderOptionTemplates },
  ...chartCopies(),
];

/** The generated files that differ from what the code says now. */
export function staleGeneratedFiles(): readonly string[] {
  return generatedFiles
    .filter(({ path, render }) => !existsSync(path) || readFileSync(path, 'utf8') !== render())
    .map(({ path }) => `${path} is out of date: run "npm run generate"`);
}
