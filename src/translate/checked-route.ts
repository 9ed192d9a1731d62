import type { SmartRouteSpec } from '../api/generated/smart-route.ts';
import { smartRouteSchema } from '../api/generated/smart-route-schema.ts';
import { checkSchema, type SchemaProblem } from '../api/schema-check.ts';
import { heldRoute } from './held-route.ts';
import { meantMatches } from './meant-matches.ts';
import { messageFor, type ProblemList } from './problem-list.ts';
import { RuleNames } from './rule-names.ts';
import type { ObjectRef } from './translation.ts';
import { fieldsOf, itemsOf, textOf } from './unknown-input.ts';

/** The `spec` of a SmartRoute, as far as it can be served. */
export interface CheckedRoute {
  /** undefined: it breaks the schema, and nobody can say what it claims. */
  readonly spec: SmartRouteSpec | undefined;
  /** Why nobody is served by any of it; undefined: it is as the schema has it, save for some rules. */
  readonly broken: string | undefined;
  /** Why nobody is served by a rule, by its index. */
  readonly brokenRules: ReadonlyMap<number, string>;
}

/**
 * Checks a spec as an API server would. What is wrong within rules costs those alone: they go on to match what they may have meant, and fail, so that
 * nothing falls through to a rule that asks for less. What is wrong elsewhere is wrong for all of it: it goes on to claim its hosts and what its rules
 * match there, and fails.
 */
export function checkedRoute(ref: ObjectRef, given: unknown, problems: ProblemList): CheckedRoute {
  const { invalid, unknown } = checkSchema(smartRouteSchema, given, 'spec');
  const { spec, brokenRules, broken, faults } = withoutFaults(given, invalid);
  for (const { field, sentence } of faults) {
    const name = brokenRules.size === 0 ? undefined : textOf(fieldsOf(ruleAt(spec, field)).name);
    problems.add(name === undefined ? 'InvalidObject' : 'InvalidRule', field, messageFor(ref, field, sentence), name);
  }
  for (const { field, sentence } of unknown) problems.add('UnknownField', field, messageFor(ref, field, sentence));
  return { spec: spec as SmartRouteSpec | undefined, brokenRules, broken };
}

const noRules: ReadonlyMap<number, string> = new Map();
const rulePlace = /^spec\.http\.rules\[(\d+)\]/;

interface Served {
  readonly spec: unknown;
  readonly brokenRules: CheckedRoute['brokenRules'];
  readonly broken: CheckedRoute['broken'];
  readonly faults: readonly SchemaProblem[];
}

/** What is wrong with all rules together, such as a name that two have, is seen when each is valid by itself: that is why it looks again. */
function withoutFaults(given: unknown, invalid: readonly SchemaProblem[]): Served {
  const brokenRules = new Map<number, string>();
  const faults: SchemaProblem[] = [];
  let spec = given;
  let left = invalid;
  while (left.length > 0) {
    faults.push(...left);
    const more = rulesOf(left);
    if (more === undefined || [...more.keys()].some((index) => brokenRules.has(index))) return held(given, faults);
    for (const [index, why] of more) brokenRules.set(index, why);
    spec = withEmptyRules(given, brokenRules);
    left = checkSchema(smartRouteSchema, spec, 'spec').invalid;
  }
  return { spec, brokenRules, broken: undefined, faults };
}

/** Something is wrong elsewhere than in rules. */
function held(given: unknown, faults: readonly SchemaProblem[]): Served {
  const all = new Map(itemsOf(fieldsOf(fieldsOf(given).http).rules).map((_, index) => [index, '']));
  const http = all.size === 0 ? undefined : fieldsOf(withEmptyRules(given, all)).http;
  const spec = heldRoute(given, http);
  const [first] = faults;
  return { spec, brokenRules: noRules, broken: spec && first && `${first.field}: ${first.sentence}`, faults };
}

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

/** Rules that are broken match what they may have meant. */
function withEmptyRules(given: unknown, broken: ReadonlyMap<number, string>): unknown {
  const spec = fieldsOf(given);
  const http = fieldsOf(spec.http);
  const list = itemsOf(http.rules);
  const names = new RuleNames(list.filter((_, index) => !broken.has(index)));
  const rules = list.map((rule, index) => {
    if (!broken.has(index)) return rule;
    const matches = meantMatches(rule);
    return { name: names.nameOf(rule, index), ...(matches && { matches }), action: { block: {} } };
  });
  return { ...spec, http: { ...http, rules } };
}

function ruleAt(spec: unknown, field: string): unknown {
  const index = rulePlace.exec(field)?.[1];
  return index === undefined ? undefined : itemsOf(fieldsOf(fieldsOf(spec).http).rules)[Number(index)];
}
