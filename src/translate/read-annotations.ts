import { type AnnotationValues, annotationPrefix, annotationsByName, ingressAnnotations } from '../api/annotations.ts';
import { type ForeignAnnotation, foreignAnnotations, foreignGuards, ingressNginxPrefix } from '../api/ingress-nginx-annotations.ts';
import { nearestName } from '../config/nearest-name.ts';
import { idleAnnotations } from './idle-annotations.ts';
import { messageFor, type ProblemList, quote } from './problem-list.ts';
import type { ObjectRef, ProblemReason } from './translation.ts';
import { fieldsOf } from './unknown-input.ts';

/** Our annotations on one object. */
export interface ReadAnnotations {
  readonly values: AnnotationValues;
  /** Those whose value could not be read, and whose default would be less safe than what was meant. */
  readonly unsafe: ReadonlySet<keyof AnnotationValues>;
  /** One that keeps somebody out in ingress-nginx and does not exist here, by its name without the prefix. */
  readonly missingGuard: string | undefined;
}

/** The values of our annotations. What can't be read, is unknown or has no effect is reported and inherits. */
export function readAnnotations(ref: ObjectRef, annotations: unknown, problems: ProblemList): ReadAnnotations {
  return new AnnotationReader(ref, fieldsOf(annotations), problems).read();
}

/** Whether some annotation of ours is about who may ask, readable or not. */
export function hasGuard(annotations: unknown): boolean {
  const present = Object.keys(fieldsOf(annotations));
  return [...guards, ...foreignGuards].some((name) => present.includes(annotationPrefix + name));
}

const guards = (['authType', 'authSecret', 'authUrl', 'authTlsSecret', 'allowlistSourceRange', 'denylistSourceRange'] as const).map(
  (field) => ingressAnnotations[field].name,
);

class AnnotationReader {
  readonly #ref: ObjectRef;
  readonly #annotations: Readonly<Record<string, unknown>>;
  readonly #problems: ProblemList;
  readonly #values: Record<string, unknown> = {};
  readonly #unsafe = new Set<keyof AnnotationValues>();
  #missingGuard: string | undefined;

  constructor(ref: ObjectRef, annotations: Readonly<Record<string, unknown>>, problems: ProblemList) {
    this.#ref = ref;
    this.#annotations = annotations;
    this.#problems = problems;
  }

  read(): ReadAnnotations {
    const present = new Set<keyof AnnotationValues>();
    for (const [name, text] of Object.entries(this.#annotations).sort(byName)) {
      const field = annotationsByName.get(name)?.field;
      if (field !== undefined) present.add(field);
      if (name.startsWith(annotationPrefix)) this.#readOwn(name, text);
      else if (name.startsWith(ingressNginxPrefix)) this.#reportForeign(name, text);
    }
    for (const { name, needs } of idleAnnotations(present))
      this.#report('InvalidAnnotation', annotationPrefix + name, `it has no effect without ${needs}; set that too, or remove this one`);
    return { values: this.#values, unsafe: this.#unsafe, missingGuard: this.#missingGuard };
  }

  #readOwn(name: string, text: unknown): void {
    const entry = annotationsByName.get(name);
    if (entry === undefined) {
      this.#reportUnknown(name);
      return;
    }
    const parsed = typeof text === 'string' ? entry.annotation.type.parse(text.trim()) : notText;
    if (parsed.kind === 'value') this.#values[entry.field] = parsed.value;
    else if (parsed.kind === 'invalid') {
      const { whileUnreadable } = entry.annotation;
      if (whileUnreadable !== undefined) this.#unsafe.add(entry.field);
      const meanwhile = whileUnreadable === undefined ? '' : `; ${whileUnreadable}`;
      this.#report('InvalidAnnotation', name, `the value ${quote(text)} is wrong; write ${parsed.expected}${meanwhile}`);
    } else {
      this.#report('Unsupported', name, `${quote(text)} is not supported; ${parsed.instead}`);
    }
  }

  /** With our prefix, and none of ours. */
  #reportUnknown(name: string): void {
    const short = name.slice(annotationPrefix.length);
    const foreign = foreignAnnotations.get(short);
    const remedy = foreign === undefined ? suggestion(name) : `; ${remedyFor(foreign)}`;
    const isGuard = foreignGuards.has(short);
    if (isGuard) this.#missingGuard ??= short;
    const meanwhile = isGuard ? '; until then nobody is let in' : '';
    this.#report('UnknownAnnotation', name, `annotation ${quote(name)} does not exist${remedy}${meanwhile}`);
  }

  /** Of ingress-nginx, with its prefix: it is reported unless ours that say the same are there, or it would change nothing. */
  #reportForeign(name: string, text: unknown): void {
    const short = name.slice(ingressNginxPrefix.length);
    const foreign = foreignAnnotations.get(short);
    if (foreign !== undefined && isIdle(foreign, text)) return;
    const isOurs = annotationsByName.has(annotationPrefix + short);
    const ours = foreign?.kind === 'renamed' ? foreign.to : isOurs ? [short] : [];
    if (ours.some((other) => annotationPrefix + other in this.#annotations)) return;
    const remedy = foreign === undefined && !isOurs ? 'remove it' : remedyFor(foreign ?? { kind: 'renamed', to: [short] });
    this.#report('UnknownAnnotation', name, `annotations of ingress-nginx are not read; ${remedy}`);
  }

  #report(reason: ProblemReason, name: string, sentence: string): void {
    const field = `metadata.annotations[${name.slice(0, 100)}]`;
    this.#problems.add(reason, field, messageFor(this.#ref, field, sentence));
  }
}

/** Whether it says what holds here without it. */
function isIdle(foreign: ForeignAnnotation, text: unknown): boolean {
  if (foreign.kind === 'needless') return true;
  return foreign.idle !== undefined && typeof text === 'string' && text.trim().toLowerCase() === foreign.idle;
}

function remedyFor(foreign: ForeignAnnotation): string {
  switch (foreign.kind) {
    case 'renamed':
      return `write ${foreign.to.map((name) => annotationPrefix + name).join(' or ')}${foreign.but === undefined ? '' : `, ${foreign.but}`}`;
    case 'elsewhere':
      return foreign.instead;
    case 'needless':
      return `remove it: ${foreign.why}`;
  }
}

const notText = { kind: 'invalid', expected: 'the value as a text, in quotes' } as const;

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function suggestion(name: string): string {
  const nearest = nearestName(name, annotationsByName.keys());
  return nearest === undefined ? '; remove it, docs/annotations.md lists those that do' : `; did you mean ${nearest}?`;
}
