import type { SmartRouteSpec } from '../api/generated/smart-route.ts';
import { smartRouteSchema } from '../api/generated/smart-route-schema.ts';
import { checkSchema, type SchemaProblem } from '../api/schema-check.ts';
import { meantMatches } from './meant-matches.ts';
import { messageFor, type ProblemList } from './problem-list.ts';
import type { ObjectRef } from './translation.ts';
import { fieldsOf, textOf } from './unknown-input.ts';

/** The `spec` of a SmartRoute, as far as it can be served. */
export interface CheckedRoute {
  /** undefined: it breaks the schema, and not in some rules alone. */
  readonly spec: SmartRouteSpec | undefined;
  /** Why nobody is served by a rule, by its index. */
  readonly brokenRules: ReadonlyMap<number, string>;
}

/**
 * Checks a spec as an API server would. What is wrong within rules costs those alone where it can be said what they may match: they go on to match
 * that, and fail, so that nothing falls through to a rule that asks for less.
 */
export function checkedRoute(ref: ObjectRef, given: unknown, problems: ProblemList): CheckedRoute {
  const { invalid, unknown } = checkSchema(smartRouteSchema, given, 'spec');
  const brokenRules = rulesOf(invalid);
  const spec = invalid.length === 0 ? given : brokenRules && withEmptyRules(given, brokenRules);
  const rules = spec === undefined || brokenRules === undefined ? noRules : brokenRules;
  for (const { field, sentence } of invalid) {
    const name = rules.size === 0 ? undefined : textOf(fieldsOf(ruleAt(spec, field)).name);
    problems.add(name === undefined ? 'InvalidObject' : 'InvalidRule', field, messageFor(ref, field, sentence), name);
  }
  for (const { field, sentence } of unknown) problems.add('UnknownField', field, messageFor(ref, field, sentence));
  return { spec: spec as SmartRouteSpec | undefined, brokenRules: rules };
}

const noRules: ReadonlyMap<number, string> = new Map();
const rulePlace = /^spec\.http\.rules\[(\d+)\]/;

/** The first thing that is wrong with each rule; undefined: something is wrong elsewhere. */
function rulesOf(invalid: readonly SchemaProblem[]): ReadonlyMap<number, string> | undefined {
  const rules = new Map<number, string>();
  for (const { field, sentence } of invalid) {
    const index = rulePlace.exec(field)?.[1];
    if (index === undefined) return undefined;
    if (!rules.has(Number(index))) rules.set(Number(index), `${field}: ${sentence}`);
  }
  return rules;
}

/** Rules that are broken keep their name, and match what they may have meant; undefined: nobody can say. */
function withEmptyRules(given: unknown, broken: ReadonlyMap<number, string>): unknown {
  const spec = fieldsOf(given);
  const http = fieldsOf(spec.http);
  const list: readonly unknown[] = Array.isArray(http.rules) ? http.rules : [];
  const rules = list.map((rule, index) => {
    if (!broken.has(index)) return rule;
    const { name, matches } = fieldsOf(rule);
    return { name, ...(matches === undefined ? {} : { matches: meantMatches(matches) }), action: { block: {} } };
  });
  const left = { ...spec, http: { ...http, rules } };
  return checkSchema(smartRouteSchema, left, 'spec').invalid.length === 0 ? left : undefined;
}

function ruleAt(spec: unknown, field: string): unknown {
  const index = rulePlace.exec(field)?.[1];
  const { rules } = fieldsOf(fieldsOf(spec).http);
  return index !== undefined && Array.isArray(rules) ? rules[Number(index)] : undefined;
}
