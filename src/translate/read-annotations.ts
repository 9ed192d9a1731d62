import { type AnnotationValues, annotationPrefix, annotationsByName } from '../api/annotations.ts';
import { nearestName } from '../config/nearest-name.ts';
import { messageFor, type ProblemList, quote } from './problem-list.ts';
import type { ObjectRef } from './translation.ts';
import { fieldsOf } from './unknown-input.ts';

/** The values of our annotations. What can't be read or is unknown is reported and inherits. */
export function readAnnotations(ref: ObjectRef, annotations: unknown, problems: ProblemList): AnnotationValues {
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(fieldsOf(annotations)).sort(byName)) {
    if (!name.startsWith(annotationPrefix)) continue;
    const entry = annotationsByName.get(name);
    const field = `metadata.annotations[${name.slice(0, 100)}]`;
    if (entry === undefined) {
      problems.add('UnknownAnnotation', field, messageFor(ref, field, `annotation ${quote(name)} does not exist${suggestion(name)}`));
      continue;
    }
    const parsed = typeof text === 'string' ? entry.annotation.type.parse(text.trim()) : notText;
    if (parsed.kind === 'value') values[entry.field] = parsed.value;
    else if (parsed.kind === 'invalid') {
      problems.add('InvalidAnnotation', field, messageFor(ref, field, `the value ${quote(text)} is wrong; write ${parsed.expected}`));
    } else {
      problems.add('Unsupported', field, messageFor(ref, field, `${quote(text)} is not supported; ${parsed.instead}`));
    }
  }
  return values;
}

const notText = { kind: 'invalid', expected: 'the value as a text, in quotes' } as const;

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function suggestion(name: string): string {
  const nearest = nearestName(name, annotationsByName.keys());
  return nearest === undefined ? '; remove it, docs/annotations.md lists those that do' : `; did you mean ${nearest}?`;
}
