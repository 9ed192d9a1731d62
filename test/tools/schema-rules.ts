import type { Schema } from '../../src/api/schema.ts';
import { checkSchema } from '../../src/api/schema-check.ts';
import { crdSchema } from '../../tools/crd-code.ts';

/** A rule in CEL that a value breaks. */
export interface BrokenRule {
  /** Place in the CRD and message: `spec.hosts[]: a host is a name, not an IP address`. */
  readonly id: string;
  readonly message: string;
  /** Place in the value: `spec.hosts[1]`. */
  readonly field: string;
}

/** The rules in CEL of a CRD, each by its place: two places may have rules that say the same. What stands in several by an alias is one. */
export class SchemaRules {
  readonly #spec: Schema;
  /** The first place of each schema. */
  readonly #places = new Map<Schema, string>();
  /** The ids of all rules. */
  readonly all = new Set<string>();

  /** @param path of the CRD @param copied places below `spec` whose rules are those of another CRD, which has cases for them */
  constructor(path: string, copied: readonly string[] = []) {
    const { spec } = crdSchema(path).properties ?? {};
    if (spec === undefined) throw new Error(`Cannot read the rules of ${path}: it has no spec`);
    this.#spec = spec;
    const skipped = new Set(copied.map((place) => `spec.${place}`));
    const visit = (schema: Schema, place: string): void => {
      if (skipped.has(place) || this.#places.has(schema)) return;
      this.#places.set(schema, place);
      const ids = this.#idsOf(schema);
      for (const id of ids) this.all.add(id);
      if (new Set(ids).size < ids.length) throw new Error(`Cannot tell rules apart: ${place} has two with the same message`);
      for (const [name, property] of Object.entries(schema.properties ?? {})) visit(property, `${place}.${name}`);
      if (schema.items !== undefined) visit(schema.items, `${place}[]`);
    };
    visit(spec, 'spec');
  }

  brokenBy(spec: unknown): readonly BrokenRule[] {
    return checkSchema(this.#spec, spec, 'spec').invalid.flatMap(({ field, sentence }) => {
      const place = this.#placeOf(field);
      const id = `${place}: ${sentence}`;
      return place === undefined || !this.all.has(id) ? [] : { id, message: sentence, field };
    });
  }

  /** The ids of the rules that have a value to look at. */
  askedBy(spec: unknown): ReadonlySet<string> {
    const asked = new Set<string>();
    const visit = (schema: Schema | undefined, value: unknown): void => {
      if (schema === undefined || value === undefined) return;
      for (const id of this.#idsOf(schema)) asked.add(id);
      if (Array.isArray(value)) for (const item of value) visit(schema.items, item);
      else if (typeof value === 'object' && value !== null)
        for (const [name, item] of Object.entries(value)) visit(schema.properties?.[name], item);
    };
    visit(this.#spec, spec);
    return asked;
  }

  #idsOf(schema: Schema): readonly string[] {
    const place = this.#places.get(schema);
    return place === undefined ? [] : (schema['x-kubernetes-validations'] ?? []).map(({ message }) => `${place}: ${message}`);
  }

  /** The first place of the schema that a field has; undefined: it has none. */
  #placeOf(field: string): string | undefined {
    let schema: Schema | undefined = this.#spec;
    for (const [, name, index] of field.slice('spec'.length).matchAll(/\.([^.[]+)|\[(\d+)\]/g))
      schema = index === undefined ? schema?.properties?.[name ?? ''] : schema?.items;
    return schema && this.#places.get(schema);
  }
}

/** Rules that no case breaks, or that none has a value for that they accept. */
export function untriedRules(
  rules: SchemaRules,
  cases: readonly { readonly spec: unknown; readonly valid: boolean }[],
): { readonly neverRefusing: readonly string[]; readonly neverAccepting: readonly string[] } {
  const refusing = new Set(cases.filter(({ valid }) => !valid).flatMap(({ spec }) => rules.brokenBy(spec).map(({ id }) => id)));
  const accepting = new Set(cases.filter(({ valid }) => valid).flatMap(({ spec }) => [...rules.askedBy(spec)]));
  const without = (tried: ReadonlySet<string>): readonly string[] => [...rules.all].filter((id) => !tried.has(id));
  return { neverRefusing: without(refusing), neverAccepting: without(accepting) };
}
