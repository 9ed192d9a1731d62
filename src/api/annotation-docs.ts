import { annotationPrefix, annotationsByName, legacyClassAnnotation } from './annotations.ts';
import { type ForeignAnnotation, foreignAnnotations, foreignGuards, ingressNginxPrefix } from './ingress-nginx-annotations.ts';

/** The text of docs/annotations.md, from the annotation table. */
export function renderAnnotationDocs(): string {
  const rows = [...annotationsByName].map(
    ([name, { annotation }]) => `| \`${name}\` | ${annotation.type.name} | ${annotation.defaultText} | ${annotation.doc} |`,
  );
  return `${[
    '# Annotations of an Ingress',
    '',
    `All names start with \`${annotationPrefix}\`. A value that can't be read is reported on the Ingress and the default holds,`,
    'or nobody is let in, no page of another origin may ask, or the backend is not used, where the default would be less safe; a name',
    'that does not exist is reported with [what to use instead](#coming-from-ingress-nginx) or the nearest one that does, and one that has',
    'no effect without another is too.',
    '',
    '| Annotation | Type | Default | Meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
    `\`${legacyClassAnnotation}\` is read too: it names the class as \`spec.ingressClassName\` does and comes before it.`,
    '',
    '## Types',
    '',
    '- **boolean**: `"true"` or `"false"`, in any case.',
    '- **duration**: `500ms`, `5s`, `1m30s`, `2h`; a bare number counts seconds. At most 2,147,483,647 ms.',
    '- **size**: bytes, or `512k`, `8m`, `1g` in powers of 1,024; `0` means no limit.',
    '- **integer**: a whole number.',
    '- **networks**: addresses and CIDRs, divided by commas: `10.0.0.0/8, 2001:db8::/32`.',
    '- **codings**: some of `zstd`, `br` and `gzip` in order of preference, divided by commas, or `off`.',
    '- **service**: a Service in the namespace of the Ingress with the number or name of its port: `web:80`, `web:http`.',
    '- **statuses**: HTTP statuses from 400 to 599, divided by commas: `404,503`.',
    '- **object name**: an object in the namespace of the Ingress.',
    '- **origins**, **methods**, **header names**: texts, divided by commas.',
    '- **durations**: statuses and a time, several with commas: `200 202 10m, 401 1m`.',
    '',
    '## Coming from ingress-nginx',
    '',
    `What ingress-nginx (v1.15.1) has beside the names above. One with the prefix \`${annotationPrefix}\` is reported, and so is everything`,
    `with \`${ingressNginxPrefix}\`, which is never read, while the Ingress does not have what is written here in its place,`,
    'unless its value says what holds in any case. Ours mean what theirs do but for what this page says; times may have units, and sizes are in powers of 1,024. How to move, step by step, and what else differs:',
    '[from-ingress-nginx.md](from-ingress-nginx.md).',
    '',
    '| Annotation | Here |',
    '|---|---|',
    ...[...foreignAnnotations].sort(byName).map(([name, foreign]) => `| \`${name}\` | ${insteadOf(name, foreign)} |`),
  ].join('\n')}\n`;
}

function insteadOf(name: string, foreign: ForeignAnnotation): string {
  const closed = foreignGuards.has(name) ? ` With \`${annotationPrefix}\`, nobody is let in until it is gone.` : '';
  switch (foreign.kind) {
    case 'renamed':
      return `${foreign.to.map((other) => `\`${other}\``).join(', ')}${foreign.but === undefined ? '' : `, ${foreign.but}`}.${closed}`;
    case 'elsewhere':
      return `None: ${foreign.instead}.${closed}`;
    case 'needless':
      return `Not needed: ${foreign.why}.`;
  }
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
