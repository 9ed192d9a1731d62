/** An exemplar of a bucket. */
export interface ParsedExemplar {
  readonly labels: string;
  readonly value: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

export interface OpenMetricsSample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
  readonly exemplar: ParsedExemplar | undefined;
}

/** One family of an OpenMetrics 1.0 exposition. */
export interface OpenMetricsFamily {
  readonly type: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly samples: readonly OpenMetricsSample[];
}

/** What the samples of a type are called, after the family's name. */
const suffixes: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total'],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
};

const number = String.raw`-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?)`;
const labelSet = String.raw`\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\}`;
const sampleLine = new RegExp(`^([a-zA-Z_:][\\w:]*)(?:${labelSet})? (${number})(?: # ${labelSet} (${number}) (${number}))?$`);

/** Parses strictly what our exposition may use of OpenMetrics 1.0. Throws with the line that breaks a rule. */
export function parseOpenMetrics(text: string): ReadonlyMap<string, OpenMetricsFamily> {
  if (!text.endsWith('\n# EOF\n')) throw new Error('the last line is not # EOF');
  const families = new Map<string, { type: string; help: string; unit: string | undefined; samples: OpenMetricsSample[] }>();
  let name = '';
  for (const line of text.slice(0, -'# EOF\n'.length - 1).split('\n')) {
    const [, kind, family = '', rest = ''] = /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line) ?? [];
    const known = families.get(kind === undefined ? name : family);
    if (kind === 'HELP') {
      if (known !== undefined) throw new Error(`${family} comes twice`);
      if (/["\\]/.test(rest)) throw new Error(`a character to escape: ${line}`);
      families.set(family, { type: '', help: rest, unit: undefined, samples: [] });
      name = family;
    } else if (known === undefined || (kind !== undefined && (family !== name || known.samples.length > 0))) {
      throw new Error(`it stands outside of its family: ${line}`);
    } else if (kind === 'TYPE') {
      if (suffixes[rest] === undefined) throw new Error(`no such type: ${line}`);
      known.type = rest;
    } else if (kind === 'UNIT') {
      if (!name.endsWith(`_${rest}`)) throw new Error(`the name does not end in the unit: ${line}`);
      known.unit = rest;
    } else known.samples.push(sampleOf(line, name, known.type));
  }
  return families;
}

function sampleOf(line: string, family: string, type: string): OpenMetricsSample {
  const match = sampleLine.exec(line);
  if (match === null) throw new Error(`not a sample: ${line}`);
  const [, name = '', labels = '', value, exemplarLabels, exemplarValue, timestamp] = match;
  if (!suffixes[type]?.some((suffix) => family + suffix === name)) throw new Error(`${name} is no sample of ${family}`);
  const bound = /\ble="([^"]*)"/.exec(labels)?.[1];
  if (name.endsWith('_bucket') && !/^(\d+\.\d+|\+Inf)$/.test(bound ?? '')) throw new Error(`the bound is no float: ${line}`);
  if (exemplarLabels === undefined) return { name, labels, value: Number(value), exemplar: undefined };
  if (!name.endsWith('_bucket')) throw new Error(`an exemplar outside of a bucket: ${line}`);
  if (exemplarLabels.length > 128) throw new Error(`the labels of the exemplar are too long: ${line}`);
  return {
    name,
    labels,
    value: Number(value),
    exemplar: { labels: exemplarLabels, value: Number(exemplarValue), timestamp: Number(timestamp) },
  };
}
