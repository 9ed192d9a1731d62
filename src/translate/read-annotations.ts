import { type AnnotationValues, annotationPrefix, annotationsByName } from '../api/annotations.ts';
import { nearestName } from '../config/nearest-name.ts';
import { messageFor, type ProblemList, quote } from './problem-list.ts';
import type { ObjectRef } from './translation.ts';
import { fieldsOf } from './unknown-input.ts';

/** Our annotations on one object. */
export interface ReadAnnotations {
  readonly values: AnnotationValues;
  /** Those whose value could not be read, and whose default would be less safe than what was meant. */
  readonly unsafe: ReadonlySet<keyof AnnotationValues>;
}

/** The values of our annotations. What can't be read or is unknown is reported and inherits. */
export function readAnnotations(ref: ObjectRef, annotations: unknown, problems: ProblemList): ReadAnnotations {
  const values: Record<string, unknown> = {};
  const unsafe = new Set<keyof AnnotationValues>();
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
      const { whileUnreadable } = entry.annotation;
      if (whileUnreadable !== undefined) unsafe.add(entry.field);
      const meanwhile = whileUnreadable === undefined ? '' : `; ${whileUnreadable}`;
      const sentence = `the value ${quote(text)} is wrong; write ${parsed.expected}${meanwhile}`;
      problems.add('InvalidAnnotation', field, messageFor(ref, field, sentence));
    } else {
      problems.add('Unsupported', field, messageFor(ref, field, `${quote(text)} is not supported; ${parsed.instead}`));
    }
  }
  return { values, unsafe };
}

const notText = { kind: 'invalid', expected: 'the value as a text, in quotes' } as const;

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function suggestion(name: string): string {
  const nearest = nearestName(name, annotationsByName.keys());
  return nearest === undefined ? '; remove it, docs/annotations.md lists those that do' : `; did you mean ${nearest}?`;
}
