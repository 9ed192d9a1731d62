import { smartRouteSchema } from '../api/generated/smart-route-schema.ts';
import { checkSchema } from '../api/schema-check.ts';
import { schemaAt } from './schema-at.ts';
import { fieldsOf } from './unknown-input.ts';

const nameSchema = schemaAt(smartRouteSchema, 'http', 'rules', 'name');

/** Names for rules of a SmartRoute that are broken, beside those of the others: a status lists each rule by its name. */
export class RuleNames {
  readonly #taken: Set<unknown>;

  /** @param others rules that keep theirs */
  constructor(others: readonly unknown[]) {
    this.#taken = new Set(others.map((rule) => fieldsOf(rule).name));
  }

  /** Its own where that can be used, else one by its place in the list: `invalid-2`. */
  nameOf(rule: unknown, index: number): string {
    const { name: own } = fieldsOf(rule);
    let name = typeof own === 'string' && checkSchema(nameSchema, own, '').invalid.length === 0 ? own : `invalid-${index}`;
    while (this.#taken.has(name)) name = name.startsWith('invalid-') ? `${name}-${index}` : `invalid-${index}`;
    this.#taken.add(name);
    return name;
  }
}
