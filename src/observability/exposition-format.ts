/** The two forms of `/metrics`: the text format that Prometheus always read, and OpenMetrics 1.0, which has units and exemplars. */
export type ExpositionFormat = 'text' | 'openmetrics';

/** For the `Content-Type` of the answer. */
export const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** What ends an OpenMetrics exposition, so that a broken off one is known. */
export const openMetricsEnd = '# EOF\n';

/**
 * The form that a scraper likes best by its `Accept` (RFC 9110 section 12.5.1). OpenMetrics must be asked for by name and in a version
 * that we write; of two liked equally it is the richer one. A scraper that likes neither gets text.
 */
export function negotiatedFormat(accept: string | undefined): ExpositionFormat {
  let text = 0;
  let openMetrics = 0;
  for (const range of (accept ?? '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const quality = qualityOf(parameters);
    if (type === 'application/openmetrics-text' && isOurVersion(parameters)) openMetrics = Math.max(openMetrics, quality);
    if (type === 'text/plain' || type === 'text/*' || type === '*/*') text = Math.max(text, quality);
  }
  return openMetrics > 0 && openMetrics >= text ? 'openmetrics' : 'text';
}

function qualityOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  if (given === undefined) return 1;
  const quality = Number(given.slice(2));
  return quality >= 0 && quality <= 1 ? quality : 0;
}

function isOurVersion(parameters: readonly string[]): boolean {
  const version = parameters.find((parameter) => parameter.startsWith('version='));
  return version === undefined || /^version="?1\.0\.0"?$/.test(version);
}

/** The name of a family: OpenMetrics leaves the `_total` of a counter to its samples. */
export function familyName(name: string, type: string, format: ExpositionFormat): string {
  return format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
}

/** What stands above the samples of a family. OpenMetrics has a unit where the name ends in it, as it demands. */
export function familyHead(name: string, type: string, doc: string, format: ExpositionFormat): string {
  const family = familyName(name, type, format);
  const unit = format === 'openmetrics' ? unitOf(family) : undefined;
  return `# HELP ${family} ${doc}\n# TYPE ${family} ${type}\n${unit === undefined ? '' : `# UNIT ${family} ${unit}\n`}`;
}

/** The base unit that a family's name ends in. */
export function unitOf(family: string): string | undefined {
  return /_(seconds|bytes)$/.exec(family)?.[1];
}

/** An upper bound as a label: OpenMetrics writes every number of `le` as a float. */
export function boundText(bound: number, format: ExpositionFormat): string {
  return format === 'openmetrics' && Number.isInteger(bound) ? `${bound}.0` : String(bound);
}
