import { httpDurationBounds } from './counters/histogram.ts';
import { type RequestLabels, requestSeriesWidth, statusClasses } from './counters/request-series.ts';
import type { FleetTotals } from './fleet-totals.ts';

const requestsMetric = 'smartproxy_http_requests_total';
const durationMetric = 'smartproxy_http_request_duration_seconds';

/** Series between two yields: about a millisecond of work. */
const seriesPerChunk = 200;

const bucketSuffixes = [...httpDurationBounds.map(String), '+Inf'].map((bound) => `,le="${bound}"} `);
const statusSuffixes = statusClasses.map((status) => `,status_class="${status}"} `);
const sumOffset = requestSeriesWidth - 2;
const countOffset = requestSeriesWidth - 1;

/**
 * Writes the two families of request series as exposition text. With thousands of routes they are nearly all of a scrape, so their
 * label strings are made once, and the work is cut into chunks between which the event loop runs (bench/cases/scrape.ts).
 */
export class RequestExposition {
  /** Label text by series index: `route_kind="..",...` without braces. */
  readonly #labelTexts: string[] = [];

  /** Calls `yieldToLoop` between chunks. */
  async render(fleet: FleetTotals, help: (metric: string) => string, yieldToLoop: () => Promise<void>): Promise<readonly string[]> {
    this.#learn(fleet.requestLabels);
    const chunks: string[] = [help(requestsMetric)];
    await this.#renderFamily(fleet, chunks, yieldToLoop, statusLines);
    chunks.push(help(durationMetric));
    await this.#renderFamily(fleet, chunks, yieldToLoop, durationLines);
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
    lines: (labels: string, values: Float64Array, offset: number) => string,
  ): Promise<void> {
    const count = requestValues.length / requestSeriesWidth;
    for (let start = 0; start < Math.min(count, requestLabels.length); start += seriesPerChunk) {
      let text = '';
      const end = Math.min(start + seriesPerChunk, count);
      for (let index = start; index < end; index++)
        text += lines(this.#labelTexts[index] as string, requestValues, index * requestSeriesWidth);
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

function durationLines(labels: string, values: Float64Array, offset: number): string {
  let text = '';
  let cumulative = 0;
  const buckets = offset + statusClasses.length;
  for (let bucket = 0; bucket < bucketSuffixes.length; bucket++) {
    cumulative += values[buckets + bucket] as number;
    text += `${durationMetric}_bucket{${labels}${bucketSuffixes[bucket] as string}${cumulative}\n`;
  }
  const sum = values[offset + sumOffset] as number;
  const count = values[offset + countOffset] as number;
  return `${text}${durationMetric}_sum{${labels}} ${sum}\n${durationMetric}_count{${labels}} ${count}\n`;
}

function labelText({ routeKind, routeNamespace, route, service }: RequestLabels): string {
  return `route_kind="${escapeLabel(routeKind)}",route_namespace="${escapeLabel(routeNamespace)}",route="${escapeLabel(route)}",service="${escapeLabel(service)}"`;
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
