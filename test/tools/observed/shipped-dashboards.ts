import { globSync, readFileSync } from 'node:fs';
import type { Dashboard, Panel } from '@grafana/schema';

/** A dashboard file with its panels, rows left out. */
export interface ShippedDashboard {
  readonly file: string;
  readonly dashboard: Dashboard;
  readonly panels: readonly ShippedPanel[];
  /** Queries of its variables. */
  readonly variables: readonly { readonly name: string; readonly query: string }[];
}

export interface ShippedPanel {
  readonly panel: Panel;
  readonly exprs: readonly string[];
}

/** Every file of deploy/grafana. */
export function shippedDashboards(): readonly ShippedDashboard[] {
  return globSync('deploy/grafana/*.json')
    .sort()
    .map((file) => {
      const dashboard = JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
      const panels = (dashboard.panels ?? []).flatMap((panel) => (panel.type === 'row' ? [] : [panel as Panel]));
      return {
        file,
        dashboard,
        panels: panels.map((panel) => ({ panel, exprs: (panel.targets ?? []).map(({ expr }) => String(expr)) })),
        variables: (dashboard.templating?.list ?? []).flatMap(({ type, name, query }) =>
          type === 'query' ? [{ name, query: String((query as { readonly query: string }).query) }] : [],
        ),
      };
    });
}
