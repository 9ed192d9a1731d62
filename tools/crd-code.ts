import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Schema } from '../src/api/schema.ts';

/** A schema as a CRD writes it, with the texts that only people need. */
export interface DescribedSchema extends Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, DescribedSchema>>;
  readonly items?: DescribedSchema;
}

/** The schema of the only version of a CRD on file. */
export function crdSchema(path: string): DescribedSchema {
  const crd = parse(readFileSync(path, 'utf8')) as {
    readonly spec: { readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: DescribedSchema } }] };
  };
  return crd.spec.versions[0].schema.openAPIV3Schema;
}

const generated = (path: string) => `// Made from ${path} by "npm run generate"; edit that file.\n`;

/** A schema of a CRD that others use: how its module calls it, and its type. */
export interface NamedSchema {
  readonly constant: string;
  readonly type: string;
}

/** Schemas by what they are called where they are used. */
export type NamedSchemas = ReadonlyMap<DescribedSchema, NamedSchema>;

/**
 * The module that exports the schema of `spec` as data, without descriptions.
 * @param own schemas within it that are exported, too, and written once
 * @param imported schemas within it that another module exports
 */
export function renderSchemaModule(
  path: string,
  name: string,
  spec: DescribedSchema | undefined,
  own: NamedSchemas,
  imported?: { readonly from: string; readonly schemas: NamedSchemas },
): string {
  const named = new Map([...own, ...(imported?.schemas ?? [])]);
  const textOf = (schema: DescribedSchema | undefined): string =>
    JSON.stringify(
      schema,
      (key, value) => {
        if (key === 'description' && typeof value === 'string') return undefined;
        const known = value === schema ? undefined : named.get(value);
        return known === undefined ? value : `@${known.constant}@`;
      },
      2,
    ).replaceAll(/"@(\w+)@"/g, '$1');
  const imports = ["import type { Schema } from '../schema.ts';\n"];
  if (imported !== undefined) imports.push(`import { ${constantsOf(imported.schemas).join(', ')} } from '${imported.from}';\n`);
  const parts = [...own].map(
    ([schema, { constant }]) =>
      `\n/** What \`${constant.replace('Schema', '')}\` may hold, wherever it stands. */\nexport const ${constant}: Schema = ${textOf(schema)};\n`,
  );
  return `${generated(path)}${imports.join('')}${parts.join('')}\n/** What \`spec\` may hold. */\nexport const ${name}: Schema = ${textOf(spec)};\n`;
}

function constantsOf(schemas: NamedSchemas): readonly string[] {
  return [...schemas.values()].map(({ constant }) => constant).sort();
}

/**
 * The module with the types of `spec` and `status`: one interface an object, named for its field.
 * @param imported types that another module exports
 */
export function renderTypesModule(
  path: string,
  prefix: string,
  schema: DescribedSchema,
  imported?: { readonly from: string; readonly schemas: NamedSchemas },
): string {
  const types = [...(imported?.schemas.values() ?? [])].map(({ type }) => type).sort();
  const imports = imported === undefined ? '' : `import type { ${types.join(', ')} } from '${imported.from}';\n`;
  return generated(path) + imports + new TypeRenderer(prefix, imported?.schemas ?? new Map()).render(schema);
}

class TypeRenderer {
  readonly #prefix: string;
  readonly #names = new Map<DescribedSchema, string>();
  readonly #texts: string[] = [];

  constructor(prefix: string, imported: NamedSchemas) {
    this.#prefix = prefix;
    for (const [schema, { type }] of imported) this.#names.set(schema, type);
  }

  render({ properties = {} }: DescribedSchema): string {
    for (const field of ['spec', 'status']) {
      const schema = properties[field];
      if (schema !== undefined) this.#typeOf(schema, field, '');
    }
    return this.#texts.join('');
  }

  #typeOf(schema: DescribedSchema, field: string, owner: string): string {
    if (schema.enum !== undefined)
      return schema.enum.map((value) => (typeof value === 'string' ? `'${value}'` : String(value))).join(' | ');
    switch (schema.type) {
      case 'object':
        return this.#nameOf(schema, field, owner);
      case 'array': {
        const item = schema.items === undefined ? 'unknown' : this.#typeOf(schema.items, singular(field), owner);
        return `readonly ${item.includes(' ') ? `(${item})` : item}[]`;
      }
      case 'integer':
        return 'number';
      default:
        return schema.type;
    }
  }

  /** The same schema (an alias in the file) is one type. A name that is taken gets that of its owner in front. */
  #nameOf(schema: DescribedSchema, field: string, owner: string): string {
    const known = this.#names.get(schema);
    if (known !== undefined) return known;
    const taken = new Set(this.#names.values());
    const short = this.#prefix + capital(field);
    const name = taken.has(short) ? owner + capital(field) : short;
    if (taken.has(name)) throw new Error(`Cannot name the type of ${owner}.${field}: ${name} is taken`);
    this.#names.set(schema, name);
    const required = new Set(schema.required ?? []);
    const fields = Object.entries(schema.properties ?? {}).map(([key, property]) => {
      const type = this.#typeOf(property, key, name);
      const doc = property.description === undefined ? '' : `  /** ${property.description} */\n`;
      return `${doc}  readonly ${key}${required.has(key) ? '' : '?'}: ${type};\n`;
    });
    const doc = schema.description === undefined ? '' : `/** ${schema.description} */\n`;
    this.#texts.push(
      fields.length === 0
        ? `\n${doc}export type ${name} = Readonly<Record<string, never>>;\n`
        : `\n${doc}export interface ${name} {\n${fields.join('')}}\n`,
    );
    return name;
  }
}

function singular(field: string): string {
  if (field === 'matches') return 'match';
  return field === 'query' ? 'parameter' : field.replace(/s$/, '');
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
