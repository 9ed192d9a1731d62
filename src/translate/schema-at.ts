import type { Schema } from '../api/schema.ts';

/** The schema of a field, of the items where that is a list. @throws when there is no such field */
export function schemaAt(schema: Schema, ...names: readonly string[]): Schema {
  return names.reduce((at, name) => {
    const field = at.properties?.[name];
    if (field === undefined) throw new Error(`Cannot find ${name} in the schema of SmartRoute: the CRD has no such field`);
    return field.items ?? field;
  }, schema);
}
