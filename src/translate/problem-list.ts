import type { ObjectRef, Problem, ProblemReason } from './translation.ts';

/** What tells people which object is meant. */
type NamedObject = Pick<ObjectRef, 'kind' | 'namespace' | 'name'>;

/** Most problems that are kept of one object; the last one says how many more there are. */
export const maxProblemsPerObject = 50;

const maxMessageLength = 1000;
const maxFieldLength = 300;

/** Collects what is wrong with one object, bounded however much of it is wrong. */
export class ProblemList {
  readonly #object: ObjectRef;
  readonly #problems: Problem[] = [];
  #omitted = 0;

  constructor(object: ObjectRef) {
    this.#object = object;
  }

  /** What is there already is not added again. @param field where in the object: `spec.rules[0].host`; @param rule the rule of a SmartRoute */
  add(reason: ProblemReason, field: string, message: string, rule?: string): void {
    const clipped = clip(message, maxMessageLength);
    if (this.#problems.some((known) => known.message === clipped && known.reason === reason && known.rule === rule)) return;
    if (this.#problems.length >= maxProblemsPerObject - 1) {
      this.#omitted++;
      return;
    }
    const problem = { object: this.#object, reason, field: clip(field, maxFieldLength), message: clipped };
    this.#problems.push(rule === undefined ? problem : { ...problem, rule });
  }

  /** What another list has left out is left out of this one, too. */
  addAll(problems: readonly Problem[]): void {
    for (const { reason, field, message, rule, omitted } of problems) {
      if (omitted === undefined) this.add(reason, field, message, rule);
      else this.#omitted += omitted;
    }
  }

  list(): readonly Problem[] {
    if (this.#omitted === 0) return this.#problems;
    const message = `${describe(this.#object)} has ${this.#omitted} more problems that are not listed; fix those above first.`;
    return [...this.#problems, { object: this.#object, reason: 'TooLarge', field: '', message, omitted: this.#omitted }];
  }
}

/** The message of a problem: object, field and what is the matter; a question ends as one. */
export function messageFor(object: NamedObject, field: string, sentence: string): string {
  return `${describe(object)}, ${field}: ${sentence}${sentence.endsWith('?') ? '' : '.'}`;
}

/** `Ingress shop/web`, for messages. */
export function describe(object: NamedObject): string {
  return object.namespace === '' ? `${object.kind} ${object.name}` : `${object.kind} ${object.namespace}/${object.name}`;
}

/** A user's text in quotes for a message, shortened and without control characters. */
export function quote(value: unknown): string {
  return `"${clip(printable(typeof value === 'string' ? value : jsonOf(value)), 80)}"`;
}

function printable(text: string): string {
  return text.slice(0, 200).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u{10000}-\u{10ffff}]/gu, '\ufffd');
}

/** Only short values are worth their JSON: a long one is named by its type. */
function jsonOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return String(value);
}

function clip(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}\u2026`;
}
