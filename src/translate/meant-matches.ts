import { smartRouteSchema } from '../api/generated/smart-route-schema.ts';
import type { Schema } from '../api/schema.ts';
import { checkSchema } from '../api/schema-check.ts';
import { literalPrefix } from '../routes/literal-prefix.ts';
import { meantPath, requestSpelling } from './path-spelling.ts';
import { schemaAt } from './schema-at.ts';
import { fieldsOf, isFields, itemsOf } from './unknown-input.ts';

const matchSchema = schemaAt(smartRouteSchema, 'http', 'rules', 'matches');
const pathSchema = schemaAt(matchSchema, 'path');

/**
 * What `matches` of a rule may have meant, as the CRD has them: valid ones as they are, for others all that they may cover. undefined: nobody
 * can say.
 */
export function meantMatches(matches: unknown): readonly unknown[] | undefined {
  // An API server takes what is null for what is not there.
  if (matches === null) return [{}];
  const meant: unknown[] = [];
  for (const match of Array.isArray(matches) ? matches : [matches]) {
    const own = meantMatch(match);
    if (own === undefined) return undefined;
    meant.push(...own);
  }
  return meant;
}

/** Conditions that can't be read are left out, so that more is covered. */
function meantMatch(match: unknown): readonly object[] | undefined {
  if (!isFields(match)) return meantText(match)?.map((path) => ({ path }));
  if (isValid(matchSchema, match)) return [match];
  const paths = match.path === undefined ? [{}] : meantPaths(match.path)?.map((path) => ({ path }));
  const conditions = { ...meantMethods(match.methods), ...meantValues(match, 'headers'), ...meantValues(match, 'query') };
  return paths?.map((path) => ({ ...path, ...conditions }));
}

function meantPaths(path: unknown): readonly object[] | undefined {
  if (isValid(pathSchema, path)) return [fieldsOf(path)];
  if (!isFields(path)) return meantText(path);
  const { type, value } = path;
  if (typeof value !== 'string') return meantText(value);
  if (value === '') return [everything];
  if (type === 'Regex') return [beginningWith(literalPrefix(value))];
  const meant = meantPath(String(requestSpelling(value)));
  if (meant === undefined) return undefined;
  const whole = { type: type === 'Exact' ? 'Exact' : 'Prefix', value: meant };
  const paths = [isValid(pathSchema, whole) ? whole : beginningWith(meant)];
  return type === 'Exact' || type === 'Prefix' ? paths : [...paths, beginningWith(literalPrefix(value))];
}

/** A text, number or such in place of more: a path, or all. */
function meantText(value: unknown): readonly object[] | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  return String(value) === '' ? [everything] : [...(meantPaths({ value: String(value) }) ?? []), everything];
}

/** A pattern that can not be used, so that all that begins with `text` is covered. */
function beginningWith(text: string): object {
  return { type: 'Regex', value: `${text.slice(0, 100).replace(/[!-/:-@[-`{-~]/g, '\\$&')}(` };
}

const everything = beginningWith('');

/** All methods where one of them can't be read. */
function meantMethods(methods: unknown): object {
  const names = new Set(itemsOf(methods).map((name) => (typeof name === 'string' ? name.trim().toUpperCase() : name)));
  const condition = { methods: [...names] };
  return names.size > 0 && isValid(matchSchema, condition) ? condition : {};
}

function meantValues(match: Readonly<Record<string, unknown>>, name: 'headers' | 'query'): object {
  const byName = new Map<unknown, unknown>();
  for (const item of itemsOf(match[name])) if (isValid(matchSchema, { [name]: [item] })) byName.set(fieldsOf(item).name, item);
  const condition = { [name]: [...byName.values()] };
  return byName.size > 0 && isValid(matchSchema, condition) ? condition : {};
}

function isValid(schema: Schema, value: unknown): boolean {
  return checkSchema(schema, value, '').invalid.length === 0;
}
