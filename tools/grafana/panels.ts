import {
  FieldColorModeId,
  type GraphFieldConfig,
  LegendDisplayMode,
  type Panel,
  SortOrder,
  StackingMode,
  ThresholdsMode,
  TooltipDisplayMode,
  type VizLegendOptions,
} from '@grafana/schema';

/** One query of a panel. */
export interface Query {
  readonly expr: string;
  /** What its series are called: text with `{{label}}`. */
  readonly legend: string;
}

interface PanelBase {
  readonly title: string;
  /** What it shows and what to do about it, in sentences. */
  readonly description: string;
  readonly queries: readonly Query[];
  /** A unit of Grafana: `s`, `reqps`, `bytes`, `percentunit`, `short`. */
  readonly unit: string;
  /** Columns of 24. @default 8, 4 for a figure */
  readonly width?: number;
}

/** A panel as a dashboard's table describes it. */
export type PanelSpec =
  /** Lines over time; `stacked` when they add up to something. */
  | (PanelBase & { readonly kind: 'lines'; readonly stacked?: boolean; readonly exemplars?: boolean; readonly max?: number })
  /** One number, as it is now; coloured from `warnAt` and `badAt` on. */
  | (PanelBase & { readonly kind: 'figure'; readonly warnAt?: number; readonly badAt?: number; readonly decimals?: number })
  /** Counts by bound over time. */
  | (PanelBase & { readonly kind: 'heat-map'; readonly exemplars?: boolean })
  /** One row for each series, as it is now; `columns` are labels in order with their headings. */
  | (PanelBase & { readonly kind: 'table'; readonly columns: Readonly<Record<string, string>>; readonly value: string });

const datasource = { type: 'prometheus', uid: '$datasource' };

/** Rows of the grid that a panel takes. */
export function heightOf({ kind }: PanelSpec): number {
  return kind === 'figure' ? 4 : 8;
}

/** Columns of the grid that a panel takes. */
export function widthOf({ kind, width }: PanelSpec): number {
  return width ?? (kind === 'figure' ? 4 : 8);
}

/** A panel as Grafana reads it, without its place. Colours are of the theme, so that they suit dark and light. */
export function panelOf(spec: PanelSpec): Omit<Panel, 'id' | 'gridPos'> {
  const common = { title: spec.title, description: spec.description, datasource, targets: targetsOf(spec) };
  switch (spec.kind) {
    case 'lines':
      return {
        ...common,
        type: 'timeseries',
        fieldConfig: linesConfig(spec),
        options: { legend, tooltip: { mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending } },
      };
    case 'figure':
      return { ...common, type: 'stat', fieldConfig: figureConfig(spec), options: figureOptions };
    case 'heat-map':
      return { ...common, type: 'heatmap', options: heatOptions(spec.unit) };
    case 'table':
      return {
        ...common,
        type: 'table',
        fieldConfig: { defaults: { unit: spec.unit, custom: {} }, overrides: [] },
        transformations: [tableColumns(spec)],
      };
  }
}

function targetsOf(spec: PanelSpec): Record<string, unknown>[] {
  const isInstant = spec.kind === 'figure' || spec.kind === 'table';
  const format = { lines: 'time_series', figure: 'time_series', 'heat-map': 'heatmap', table: 'table' }[spec.kind];
  const exemplar = 'exemplars' in spec && spec.exemplars === true;
  return spec.queries.map(({ expr, legend: legendFormat }, index) => ({
    refId: String.fromCharCode(65 + index),
    datasource,
    editorMode: 'code',
    expr,
    legendFormat,
    format,
    instant: isInstant,
    range: !isInstant,
    ...(exemplar ? { exemplar } : {}),
  }));
}

const legend: VizLegendOptions = {
  displayMode: LegendDisplayMode.Table,
  placement: 'bottom',
  showLegend: true,
  calcs: ['mean', 'max', 'lastNotNull'],
};

function linesConfig({ unit, stacked = false, max }: Extract<PanelSpec, { readonly kind: 'lines' }>): Panel['fieldConfig'] {
  const custom: GraphFieldConfig & Record<string, unknown> = {
    lineWidth: 1,
    fillOpacity: stacked ? 30 : 5,
    spanNulls: false,
    ...(stacked ? { stacking: { mode: StackingMode.Normal, group: 'A' } } : {}),
  };
  const bounds = max === undefined ? { min: 0 } : { min: 0, max };
  return { defaults: { unit, ...bounds, color: { mode: FieldColorModeId.PaletteClassic }, custom }, overrides: [] };
}

function figureConfig({ unit, warnAt, badAt, decimals }: Extract<PanelSpec, { readonly kind: 'figure' }>): Panel['fieldConfig'] {
  const hasLimits = warnAt !== undefined || badAt !== undefined;
  // Where less is worse (time that is left) the limits come in the opposite order.
  const isFalling = warnAt !== undefined && badAt !== undefined && badAt < warnAt;
  const ordinary = hasLimits ? 'green' : 'text';
  const steps = isFalling
    ? [step(null, 'red'), step(badAt, 'orange'), step(warnAt, 'green')]
    : [
        step(null, ordinary),
        ...(warnAt === undefined ? [] : [step(warnAt, 'orange')]),
        ...(badAt === undefined ? [] : [step(badAt, 'red')]),
      ];
  return {
    defaults: {
      unit,
      ...(decimals === undefined ? {} : { decimals }),
      color: { mode: FieldColorModeId.Thresholds },
      thresholds: { mode: ThresholdsMode.Absolute, steps },
    },
    overrides: [],
  };
}

/** Grafana's first step has no value. */
function step(value: number | null, color: string): { value: number | null; color: string } {
  return { value, color };
}

const figureOptions = {
  reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
  colorMode: 'value',
  graphMode: 'none',
  justifyMode: 'auto',
  orientation: 'auto',
  textMode: 'auto',
  wideLayout: true,
};

function heatOptions(unit: string): Record<string, unknown> {
  return {
    calculate: false,
    cellGap: 1,
    color: { mode: 'scheme', scheme: 'Blues', exponent: 0.5, steps: 64, reverse: false, fill: 'blue' },
    exemplars: { color: 'orange' },
    filterValues: { le: 1e-9 },
    legend: { show: true },
    rowsFrame: { layout: 'auto' },
    showValue: 'never',
    tooltip: { mode: 'single', yHistogram: true, showColorScale: false },
    yAxis: { unit, axisPlacement: 'left', reverse: false },
  };
}

/** Labels first, in order, then the value; the time and other labels are left out. */
function tableColumns({ columns, value }: Extract<PanelSpec, { readonly kind: 'table' }>) {
  const shown = { ...columns, Value: value };
  return {
    id: 'organize',
    options: {
      includeByName: Object.fromEntries(Object.keys(shown).map((name) => [name, true])),
      indexByName: Object.fromEntries(Object.keys(shown).map((name, index) => [name, index])),
      renameByName: shown,
    },
  };
}
