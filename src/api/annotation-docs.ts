import { annotationPrefix, annotationsByName, legacyClassAnnotation } from './annotations.ts';

/** The text of docs/annotations.md, from the annotation table. */
export function renderAnnotationDocs(): string {
  const rows = [...annotationsByName].map(
    ([name, { annotation }]) => `| \`${name}\` | ${annotation.type.name} | ${annotation.defaultText} | ${annotation.doc} |`,
  );
  return `${[
    '# Annotations of an Ingress',
    '',
    `All names start with \`${annotationPrefix}\`. A value that can't be read is reported on the Ingress and the default holds,`,
    'or the backend is not used where the default would be less safe (a CA, a client certificate); a name that does not exist is reported',
    'with the nearest one that does.',
    '',
    '| Annotation | Type | Default | Meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
    `\`${legacyClassAnnotation}\` is read too: it names the class as \`spec.ingressClassName\` does and comes before it.`,
    '',
    '## Types',
    '',
    '- **boolean**: `"true"` or `"false"`.',
    '- **duration**: `500ms`, `5s`, `1m30s`, `2h`; a bare number counts seconds. At most 2,147,483,647 ms.',
    '- **size**: bytes, or `512k`, `8m`, `1g` in powers of 1,024; `0` means no limit.',
    '- **integer**: a whole number.',
    '- **object name**: an object in the namespace of the Ingress.',
  ].join('\n')}\n`;
}
