import {
  type Dashboard,
  DashboardCursorSync,
  type Panel,
  type RowPanel,
  VariableHide,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/schema';
import { heightOf, type PanelSpec, panelOf, widthOf } from './panels.ts';

/** A dashboard as its table describes it. */
export interface DashboardSpec {
  /** Also the name of its file. Never changed: links and bookmarks hold it. */
  readonly uid: string;
  readonly title: string;
  /** The questions that it answers. */
  readonly description: string;
  readonly variables: readonly VariableModel[];
  readonly rows: readonly { readonly title: string; readonly panels: readonly PanelSpec[] }[];
}

/** By this tag the dashboards find each other. */
const tag = 'smartproxy-ingress';
const columns = 24;
const datasource = { type: 'prometheus', uid: '$datasource' };

/** A choice among the values of a label: any number of them, all unless told. */
export function choiceOf(name: string, label: string, description: string, series: string, valuesOf: string): VariableModel {
  const query = `label_values(${series}, ${valuesOf})`;
  return {
    type: 'query',
    name,
    label,
    description,
    datasource,
    definition: query,
    query: { query, refId: `${name}-values` },
    refresh: VariableRefresh.onTimeRangeChanged,
    sort: VariableSort.alphabeticalAsc,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { selected: true, text: ['All'], value: ['$__all'] },
    hide: VariableHide.dontHide,
  } as VariableModel;
}

/** What every dashboard can be narrowed down to: a data source, controllers by namespace, and by class. */
export const controllerVariables: readonly VariableModel[] = [
  {
    type: 'datasource',
    name: 'datasource',
    label: 'Data source',
    description: 'The Prometheus that scrapes the controllers.',
    query: 'prometheus',
    refresh: VariableRefresh.onDashboardLoad,
    hide: VariableHide.dontHide,
  },
  choiceOf('namespace', 'Namespace', 'Namespace of the controllers.', 'smartproxy_controller_info', 'pod_namespace'),
  choiceOf('class', 'Class', 'IngressClass that they serve.', 'smartproxy_controller_info{pod_namespace=~"$namespace"}', 'ingress_class'),
];

/** A dashboard as Grafana 11 and 12 import it. */
export function dashboardOf({ uid, title, description, variables, rows }: DashboardSpec): Dashboard {
  return {
    uid,
    title,
    description,
    tags: [tag],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: DashboardCursorSync.Crosshair,
    time: { from: 'now-1h', to: 'now' },
    refresh: '30s',
    timezone: 'browser',
    annotations: { list: [] },
    links: [
      {
        type: 'dashboards',
        title: 'SmartProxy dashboards',
        tooltip: 'The other dashboards, with the same choices and time',
        tags: [tag],
        icon: 'external link',
        asDropdown: false,
        includeVars: true,
        keepTime: true,
        targetBlank: false,
        url: '',
      },
    ],
    templating: { list: [...variables] },
    panels: [...placed(rows)],
  };
}

/** Panels flow from left to right below the heading of their row. */
function* placed(rows: DashboardSpec['rows']): Generator<Panel | RowPanel> {
  let id = 0;
  let y = 0;
  for (const { title, panels } of rows) {
    yield { type: 'row', id: ++id, title, collapsed: false, gridPos: { x: 0, y, w: columns, h: 1 }, panels: [] };
    y++;
    let x = 0;
    let lineHeight = 0;
    for (const spec of panels) {
      const [w, h] = [widthOf(spec), heightOf(spec)];
      if (x + w > columns) {
        x = 0;
        y += lineHeight;
        lineHeight = 0;
      }
      yield { ...panelOf(spec), id: ++id, gridPos: { x, y, w, h } };
      x += w;
      lineHeight = Math.max(lineHeight, h);
    }
    y += lineHeight;
  }
}
