import { smartRouteSchema } from '../api/generated/smart-route-schema.ts';
import type { Schema } from '../api/schema.ts';
import { checkSchema } from '../api/schema-check.ts';
import { literalPrefix } from '../routes/literal-prefix.ts';
import { meantPath, requestSpelling } from './path-spelling.ts';
import { schemaAt } from './schema-at.ts';
import { fieldsOf, isFields, itemsOf } from './unknown-input.ts';

const ruleSchema = schemaAt(smartRouteSchema, 'http', 'rules');
const maxMatches = ruleSchema.properties?.matches?.maxItems ?? Number.POSITIVE_INFINITY;
const matchSchema = schemaAt(ruleSchema, 'matches');
const pathSchema = schemaAt(matchSchema, 'path');

/**
 * What a rule that is broken may have meant to match, as the CRD has it: valid matches as they are, for others all that they may cover, up to
 * everything where nobody can say. undefined: it has none, so it is for every request.
 */
export function meantMatches(rule: unknown): readonly unknown[] | undefined {
  // A text in place of a rule may be its path.
  if (!isFields(rule)) return meantMatch(rule);
  const { matches } = rule;
  if (matches === undefined) return undefined;
  // An API server takes what is null for what is not there.
  if (matches === null) return [{}];
  const meant = new Map<string, object>();
  for (const match of Array.isArray(matches) ? matches : [matches])
    for (const own of meantMatch(match)) meant.set(JSON.stringify(own), own);
  const all = [...meant.values()];
  return all.length > maxMatches ? [...all.slice(0, maxMatches - 1), { path: everything }] : all;
}

/** Conditions that can't be read are left out, so that more is covered. */
function meantMatch(match: unknown): readonly object[] {
  if (!isFields(match)) return meantText(match).map((path) => ({ path }));
  if (isValid(matchSchema, match)) return [match];
  const paths = match.path === undefined ? [{}] : meantPaths(match.path).map((path) => ({ path }));
  const conditions = { ...meantMethods(match.methods), ...meantValues(match, 'headers'), ...meantValues(match, 'query') };
  return paths.map((path) => ({ ...path, ...conditions }));
}

function meantPaths(path: unknown): readonly object[] {
  if (isValid(pathSchema, path)) return [fieldsOf(path)];
  if (!isFields(path)) return meantText(path);
  const { type, value } = path;
  if (typeof value !== 'string') return meantText(value);
  if (value === '') return [everything];
  if (type === 'Regex') return [beginningWith(literalPrefix(value))];
  const spelled = String(requestSpelling(value));
  const meant = meantPath(spelled);
  // No request line is as long: what begins like it is covered all the same.
  if (meant === undefined) return [beginningWith(spelled)];
  const whole = { type: type === 'Exact' ? 'Exact' : 'Prefix', value: meant };
  const paths = [isValid(pathSchema, whole) ? whole : beginningWith(meant)];
  return type === 'Exact' || type === 'Prefix' ? paths : [...paths, beginningWith(literalPrefix(value))];
}

/** A text, number or such in place of more: a path, or all. What is nothing, or a list, may be anything. */
function meantText(value: unknown): readonly object[] {
  const isText = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isText && String(value) !== '' ? [...meantPaths({ value: String(value) }), everything] : [everything];
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
