/** One family of a Prometheus text exposition (version 0.0.4). */
export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  /** The family's name, or with `_bucket`, `_sum`, `_count`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Parses strictly: HELP, then TYPE, then the family's samples, each once, histograms cumulative and complete. Throws otherwise. */
export function parseExposition(text: string): ReadonlyMap<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no line feed');
  const families = new Map<string, MetricFamily & { samples: MetricSample[] }>();
  const seen = new Set<string>();
  let help: { name: string; text: string } | undefined;
  let family: (MetricFamily & { samples: MetricSample[] }) | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment !== null) {
      const [, kind, name, rest] = comment as unknown as [string, string, string, string];
      if (kind === 'HELP') {
        help = { name, text: rest };
        family = undefined;
        continue;
      }
      if (help?.name !== name) throw new Error(`TYPE of ${name} does not follow its HELP`);
      if (families.has(name)) throw new Error(`${name} comes twice`);
      if (!['counter', 'gauge', 'histogram'].includes(rest)) throw new Error(`${name} has the type ${rest}`);
      family = { name, type: rest, help: help.text, samples: [] };
      families.set(name, family);
      continue;
    }
    const sample = parseSample(line);
    if (family === undefined) throw new Error(`a sample without a family: ${line}`);
    const allowed = family.type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => family?.name + suffix) : [family.name];
    if (!allowed.includes(sample.name)) throw new Error(`${sample.name} stands under ${family.name}`);
    const identity = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(identity)) throw new Error(`a sample comes twice: ${line}`);
    seen.add(identity);
    family.samples.push(sample);
  }
  for (const each of families.values()) if (each.type === 'histogram') checkHistogram(each);
  return families;
}

function parseSample(line: string): MetricSample {
  const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
  if (match === null) throw new Error(`not a sample: ${line}`);
  const [, name = '', labelText = '', valueText = ''] = match;
  const value = valueText === '+Inf' ? Number.POSITIVE_INFINITY : Number(valueText);
  if (Number.isNaN(value)) throw new Error(`not a number: ${line}`);
  return { name, labels: parseLabels(labelText, line), value };
}

function parseLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  const pattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) throw new Error(`bad labels at ${at}: ${line}`);
    const [, name = '', value = ''] = match;
    if (name in labels) throw new Error(`the label ${name} comes twice: ${line}`);
    labels[name] = value.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
  }
  return labels;
}

function checkHistogram({ name, samples }: MetricFamily): void {
  const series = new Map<string, { buckets: MetricSample[]; sum: number; count: number | undefined }>();
  for (const sample of samples) {
    const { le, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    const entry = series.get(key) ?? { buckets: [], sum: 0, count: undefined };
    series.set(key, entry);
    if (sample.name.endsWith('_bucket')) {
      if (le === undefined) throw new Error(`a bucket of ${name} has no le`);
      entry.buckets.push(sample);
    } else if (sample.name.endsWith('_count')) entry.count = sample.value;
  }
  for (const [key, { buckets, count }] of series) {
    const values = buckets.map(({ value }) => value);
    if (values.some((value, index) => index > 0 && value < (values[index - 1] ?? 0))) throw new Error(`${name}${key} is not cumulative`);
    if (buckets.at(-1)?.labels.le !== '+Inf' || buckets.at(-1)?.value !== count) throw new Error(`${name}${key}: +Inf differs from count`);
  }
}
