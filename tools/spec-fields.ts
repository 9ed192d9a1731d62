import { crdSchema, type DescribedSchema } from './crd-code.ts';

/** A field of `spec` in the order of the CRD. */
export interface SpecField {
  /** `http.rules[].name`. */
  readonly path: string;
  readonly description: string;
  /** It holds a value, or nothing but its presence; others hold fields. */
  readonly isLeaf: boolean;
}

/**
 * All fields below `spec`. A `policy` that stands in two places (an alias in the file) has its fields listed at the first.
 * @param whole paths of fields that are described elsewhere, as if they held a value
 */
export function specFields(crdPath: string, whole: readonly string[] = []): readonly SpecField[] {
  const fields: SpecField[] = [];
  const seen = new Set<DescribedSchema>();
  const visit = (schema: DescribedSchema, path: string): void => {
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const item = property.type === 'array' ? (property.items ?? property) : property;
      const at = `${path}${name}${property.type === 'array' && item.type === 'object' ? '[]' : ''}`;
      const isLeaf = item.type !== 'object' || item.properties === undefined || whole.includes(at);
      fields.push({ path: at, description: property.description ?? '', isLeaf });
      if (isLeaf || (name === 'policy' && seen.has(item))) continue;
      seen.add(item);
      visit(item, `${at}.`);
    }
  };
  const spec = crdSchema(crdPath).properties?.spec;
  if (spec !== undefined) visit(spec, '');
  return fields;
}
