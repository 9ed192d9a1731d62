import { existsSync, readFileSync } from 'node:fs';
import { renderAnnotationDocs } from '../src/api/annotation-docs.ts';
import { renderConfigurationDocs } from '../src/config/configuration-docs.ts';
import { renderLimitTable } from '../src/networkproxy/limit-docs.ts';
import { renderConnectionDocs } from '../src/observability/connection-docs.ts';
import { renderMetricDocs } from '../src/observability/metric-docs.ts';
import { renderProblemDocs } from '../src/translate/problem-docs.ts';
import { renderAlertDocs } from './alert-docs.ts';
import { chartFiles } from './chart/chart-files.ts';
import { crdSchema, renderSchemaModule, renderTypesModule } from './crd-code.ts';
import { dashboardFiles } from './grafana/render-dashboards.ts';
import { sharedByConfig, sharedByRoute, withSharedSchemas } from './shared-schemas.ts';
import { renderSmartProxyConfigDocs } from './smart-proxy-config-docs.ts';
import { renderSmartRouteDocs } from './smart-route-docs.ts';
import { renderSmartRouteGuide } from './smart-route-guide/guide-docs.ts';

const smartRouteCrd = 'crds/smartproxy.dev_smartroutes.yaml';
const smartProxyConfigCrd = 'crds/smartproxy.dev_smartproxyconfigs.yaml';

/** Files that come from others of ours (the code's own tables, the CRDs, one another): path and content. */
export const generatedFiles: readonly { readonly path: string; readonly render: () => string }[] = [
  // First: others are made from it.
  { path: smartProxyConfigCrd, render: () => withSharedSchemas(smartProxyConfigCrd, smartRouteCrd) },
  { path: 'docs/alerts.md', render: renderAlertDocs },
  { path: 'docs/annotations.md', render: renderAnnotationDocs },
  { path: 'docs/configuration.md', render: renderConfigurationDocs },
  { path: 'docs/connections.md', render: () => renderConnectionDocs(renderLimitTable()) },
  { path: 'docs/metrics.md', render: renderMetricDocs },
  { path: 'docs/problems.md', render: renderProblemDocs },
  { path: 'docs/smartproxyconfig.md', render: () => renderSmartProxyConfigDocs(smartProxyConfigCrd) },
  { path: 'docs/smartroute-by-example.md', render: renderSmartRouteGuide },
  { path: 'docs/smartroute.md', render: () => renderSmartRouteDocs(smartRouteCrd) },
  { path: 'src/api/generated/smart-proxy-config-schema.ts', render: renderConfigSchema },
  { path: 'src/api/generated/smart-proxy-config.ts', render: renderConfigTypes },
  { path: 'src/api/generated/smart-route-schema.ts', render: renderRouteSchema },
  { path: 'src/api/generated/smart-route.ts', render: () => renderTypesModule(smartRouteCrd, 'SmartRoute', crdSchema(smartRouteCrd)) },
  ...dashboardFiles,
  // Last: some are copies of those above.
  ...chartFiles,
];

/** The generated files that differ from what the code says now. */
export function staleGeneratedFiles(): readonly string[] {
  return generatedFiles
    .filter(({ path, render }) => !existsSync(path) || readFileSync(path, 'utf8') !== render())
    .map(({ path }) => `${path} is out of date: run "npm run generate"`);
}

function renderRouteSchema(): string {
  const spec = crdSchema(smartRouteCrd).properties?.spec;
  return renderSchemaModule(smartRouteCrd, 'smartRouteSchema', spec, sharedByRoute(spec));
}

function renderConfigSchema(): string {
  const spec = crdSchema(smartProxyConfigCrd).properties?.spec;
  const imported = { from: './smart-route-schema.ts', schemas: sharedByConfig(spec) };
  return renderSchemaModule(smartProxyConfigCrd, 'smartProxyConfigSchema', spec, new Map(), imported);
}

function renderConfigTypes(): string {
  const schema = crdSchema(smartProxyConfigCrd);
  const imported = { from: './smart-route.ts', schemas: sharedByConfig(schema.properties?.spec) };
  return renderTypesModule(smartProxyConfigCrd, 'SmartProxyConfig', schema, imported);
}
