import { httpDurationBounds } from './counters/histogram.ts';
import { connectionOffset, type RequestLabels, requestSeriesWidth, statusClasses } from './counters/request-series.ts';
import { exemplarText, type SeriesExemplars } from './exemplar-store.ts';
import { boundText, type ExpositionFormat } from './exposition-format.ts';
import type { FleetTotals } from './fleet-totals.ts';

const requestsMetric = 'smartproxy_http_requests_total';
const durationMetric = 'smartproxy_http_request_duration_seconds';
const connectionsMetric = 'smartproxy_route_connections_total';
const activeMetric = 'smartproxy_route_connections_active';
const bytesMetric = 'smartproxy_route_connection_bytes_total';

/** Series between two yields: about a millisecond of work. */
const seriesPerChunk = 200;

const bucketSuffixes: Readonly<Record<ExpositionFormat, readonly string[]>> = {
  text: bucketSuffixesOf('text'),
  openmetrics: bucketSuffixesOf('openmetrics'),
};
const statusSuffixes = statusClasses.map((status) => `,status_class="${status}"} `);
const sumOffset = connectionOffset - 2;
const countOffset = connectionOffset - 1;

export interface RequestRendering {
  readonly format: ExpositionFormat;
  /** What stands above the samples of a metric. */
  readonly head: (metric: string) => string;
  /** Called between chunks. */
  readonly yieldToLoop: () => Promise<void>;
}

/** The lines of one series. */
type Lines = (labels: string, values: Float64Array, offset: number, series: number) => string;

/**
 * Writes the families of the series of routes as exposition text. With thousands of routes they are nearly all of a scrape, so their
 * label strings are made once, and the work is cut into chunks between which the event loop runs (bench/cases/scrape.ts).
 */
export class RequestExposition {
  /** Label text by series index: `route_kind="..",...` without braces. */
  readonly #labelTexts: string[] = [];

  async render(fleet: FleetTotals, { format, head, yieldToLoop }: RequestRendering): Promise<readonly string[]> {
    this.#learn(fleet.requestLabels);
    const suffixes = bucketSuffixes[format];
    const exemplars = format === 'openmetrics' ? fleet.exemplars : undefined;
    const nowMs = Date.now();
    const chunks: string[] = [head(requestsMetric)];
    await this.#renderFamily(fleet, chunks, yieldToLoop, statusLines);
    chunks.push(head(durationMetric));
    await this.#renderFamily(fleet, chunks, yieldToLoop, (labels, values, offset, series) =>
      durationLines(labels, values, offset, suffixes, exemplars?.ofSeries(series), nowMs),
    );
    for (const [metric, lines] of connectionFamilies(fleet.openUnknown)) {
      chunks.push(head(metric));
      await this.#renderFamily(fleet, chunks, yieldToLoop, lines);
    }
    return chunks;
  }

  #learn(labels: readonly RequestLabels[]): void {
    for (let index = this.#labelTexts.length; index < labels.length; index++)
      this.#labelTexts.push(labelText(labels[index] as RequestLabels));
  }

  async #renderFamily(
    { requestValues, requestLabels }: FleetTotals,
    chunks: string[],
    yieldToLoop: () => Promise<void>,
    lines: Lines,
  ): Promise<void> {
    const count = requestValues.length / requestSeriesWidth;
    for (let start = 0; start < Math.min(count, requestLabels.length); start += seriesPerChunk) {
      let text = '';
      const end = Math.min(start + seriesPerChunk, count);
      for (let index = start; index < end; index++)
        text += lines(this.#labelTexts[index] as string, requestValues, index * requestSeriesWidth, index);
      chunks.push(text);
      await yieldToLoop();
    }
  }
}

function statusLines(labels: string, values: Float64Array, offset: number): string {
  let text = '';
  for (let status = 0; status < statusSuffixes.length; status++) {
    text += `${requestsMetric}{${labels}${statusSuffixes[status] as string}${values[offset + status] as number}\n`;
  }
  return text;
}

/** Routes that never had a connection of their own, those of HTTP, have no lines; the overflow series always has. */
function connectionLines(line: (labels: string, values: Float64Array, at: number) => string): Lines {
  return (labels, values, offset, series) => {
    const at = offset + connectionOffset;
    return series > 0 && values[at] === 0 ? '' : line(labels, values, at);
  };
}

const openedLines = connectionLines((labels, values, at) => `${connectionsMetric}{${labels}} ${values[at] as number}\n`);
const activeLines = connectionLines(
  (labels, values, at) => `${activeMetric}{${labels}} ${(values[at] as number) - (values[at + 1] as number)}\n`,
);
const bytesLines = connectionLines(
  (labels, values, at) =>
    `${bytesMetric}{${labels},direction="received"} ${values[at + 2] as number}\n` +
    `${bytesMetric}{${labels},direction="sent"} ${values[at + 3] as number}\n`,
);

/** @param openUnknown series that have no line of how many are open, since nobody knows */
function connectionFamilies(openUnknown: ReadonlySet<number>): readonly (readonly [metric: string, lines: Lines])[] {
  const knownActiveLines: Lines = (labels, values, offset, series) =>
    openUnknown.has(series) ? '' : activeLines(labels, values, offset, series);
  return [
    [connectionsMetric, openedLines],
    [activeMetric, knownActiveLines],
    [bytesMetric, bytesLines],
  ];
}

function durationLines(
  labels: string,
  values: Float64Array,
  offset: number,
  suffixes: readonly string[],
  exemplars: SeriesExemplars | undefined,
  nowMs: number,
): string {
  let text = '';
  let cumulative = 0;
  const buckets = offset + statusClasses.length;
  for (let bucket = 0; bucket < suffixes.length; bucket++) {
    cumulative += values[buckets + bucket] as number;
    text += `${durationMetric}_bucket{${labels}${suffixes[bucket] as string}${cumulative}`;
    text += exemplars === undefined ? '\n' : `${exemplarText(exemplars, bucket, nowMs)}\n`;
  }
  const sum = values[offset + sumOffset] as number;
  const count = values[offset + countOffset] as number;
  return `${text}${durationMetric}_sum{${labels}} ${sum}\n${durationMetric}_count{${labels}} ${count}\n`;
}

function bucketSuffixesOf(format: ExpositionFormat): readonly string[] {
  return [...httpDurationBounds.map((bound) => boundText(bound, format)), '+Inf'].map((bound) => `,le="${bound}"} `);
}

function labelText({ routeKind, routeNamespace, route, service }: RequestLabels): string {
  return `route_kind="${escapeLabel(routeKind)}",route_namespace="${escapeLabel(routeNamespace)}",route="${escapeLabel(route)}",route_service="${escapeLabel(service)}"`;
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
