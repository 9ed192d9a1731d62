import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { nearestName } from '../config/nearest-name.ts';
import type { Schema, SchemaRule } from './schema.ts';

/** Something in a value that its schema does not allow. */
export interface SchemaProblem {
  /** `spec.http.rules[0].name`. */
  readonly field: string;
  /** What is the matter, as a sentence without its end. */
  readonly sentence: string;
}

/** What a schema says of a value. */
export interface SchemaVerdict {
  /** The API server would refuse the object. */
  readonly invalid: readonly SchemaProblem[];
  /** Fields that it would drop. */
  readonly unknown: readonly SchemaProblem[];
}

/** The most of each that are told of one value. */
const maxProblems = 20;

const environment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });

/** Checks `value` as an API server with this schema would, rules in CEL included; takes anything and never throws. */
export function checkSchema(schema: Schema, value: unknown, field: string): SchemaVerdict {
  const check = new SchemaCheck();
  check.value(schema, value, field);
  return { invalid: check.invalid, unknown: check.unknown };
}

class SchemaCheck {
  readonly invalid: SchemaProblem[] = [];
  readonly unknown: SchemaProblem[] = [];

  /** Whether the value and all in it is valid. Rules see only such: they count on their types. */
  value(schema: Schema, value: unknown, field: string): boolean {
    if (!this.#shape(schema, value, field)) return false;
    let holds = true;
    for (const rule of schema['x-kubernetes-validations'] ?? []) {
      if (!ruleHolds(rule, value)) holds = this.#refuse(field, rule.message);
    }
    return holds;
  }

  #shape(schema: Schema, value: unknown, field: string): boolean {
    switch (schema.type) {
      case 'object':
        return this.#object(schema, value, field);
      case 'array':
        return this.#array(schema, value, field);
      case 'string':
        return this.#string(schema, value, field);
      case 'integer':
        return this.#integer(schema, value, field);
      case 'boolean':
        return typeof value === 'boolean' || this.#refuse(field, 'it must be true or false');
    }
  }

  #object({ properties = {}, required = [] }: Schema, value: unknown, field: string): boolean {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.#refuse(field, 'it must be an object');
    let holds = true;
    for (const name of required) if (!Object.hasOwn(value, name)) holds = this.#refuse(`${field}.${name}`, 'it is required');
    for (const [name, item] of Object.entries(value)) {
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (property !== undefined) holds = this.value(property, item, `${field}.${name}`) && holds;
      else this.#drop(field, name, Object.keys(properties));
    }
    return holds;
  }

  #array(schema: Schema, value: unknown, field: string): boolean {
    const { items, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
    if (!Array.isArray(value)) return this.#refuse(field, 'it must be a list');
    if (value.length < minItems) return this.#refuse(field, `it needs at least ${minItems} items`);
    if (value.length > maxItems) return this.#refuse(field, `it has more than ${maxItems} items`);
    let holds = true;
    if (items !== undefined) {
      value.forEach((item, index) => {
        holds = this.value(items, item, `${field}[${index}]`) && holds;
      });
    }
    return holds && this.#areUnique(schema, value, field);
  }

  #areUnique(schema: Schema, items: readonly unknown[], field: string): boolean {
    const listType = schema['x-kubernetes-list-type'];
    if (listType === undefined) return true;
    const names = schema['x-kubernetes-list-map-keys'] ?? [];
    const seen = new Set<string>();
    let holds = true;
    items.forEach((item, index) => {
      const identity = listType === 'set' ? item : names.map((name) => (item as Readonly<Record<string, unknown>>)[name]);
      const text = JSON.stringify(identity);
      if (seen.has(text)) holds = this.#refuse(`${field}[${index}]`, 'it is there already');
      seen.add(text);
    });
    return holds;
  }

  #string({ minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern, enum: words }: Schema, value: unknown, field: string): boolean {
    if (typeof value !== 'string') return this.#refuse(field, 'it must be a text');
    if (words !== undefined && !words.includes(value)) return this.#refuse(field, `it must be one of ${words.join(', ')}`);
    // Characters, as the API server counts; more UTF-16 units than twice the limit are too many in any case.
    const length = value.length > 2 * maxLength ? value.length : [...value].length;
    if (length < minLength) return this.#refuse(field, 'it must not be empty');
    if (length > maxLength) return this.#refuse(field, `it is longer than ${maxLength} characters`);
    if (pattern !== undefined && !regex(pattern).test(value)) return this.#refuse(field, `it must match ${pattern}`);
    return true;
  }

  #integer({ minimum = -Infinity, maximum = Infinity, enum: numbers }: Schema, value: unknown, field: string): boolean {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) return this.#refuse(field, 'it must be a whole number');
    if (numbers !== undefined && !numbers.includes(value)) return this.#refuse(field, `it must be one of ${numbers.join(', ')}`);
    if (value < minimum || value > maximum) return this.#refuse(field, `it must be from ${minimum} to ${maximum}`);
    return true;
  }

  #refuse(field: string, sentence: string): false {
    if (this.invalid.length < maxProblems) this.invalid.push({ field, sentence });
    return false;
  }

  #drop(field: string, name: string, known: readonly string[]): void {
    if (this.unknown.length >= maxProblems) return;
    const shown = name.slice(0, 100);
    const nearest = nearestName(shown, known);
    const hint = nearest === undefined ? 'remove it' : `did you mean ${nearest}?`;
    this.unknown.push({ field: `${field}.${shown}`, sentence: `this field does not exist; ${hint}` });
  }
}

const programs = new Map<string, ParseResult>();
const patterns = new Map<string, RegExp>();

/** A rule that fails to compute does not hold, as on the API server. */
function ruleHolds({ rule }: SchemaRule, self: unknown): boolean {
  try {
    let program = programs.get(rule);
    if (program === undefined) programs.set(rule, (program = environment.parse(rule)));
    return program({ self }) === true;
  } catch {
    return false;
  }
}

/** Patterns are ours, and the same in RE2 and here. */
function regex(pattern: string): RegExp {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) patterns.set(pattern, (compiled = new RegExp(pattern, 'u')));
  return compiled;
}
