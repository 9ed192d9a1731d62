import type { SmartRouteHeader, SmartRouteMatch, SmartRouteRule, SmartRouteSpec } from '../api/generated/smart-route.ts';
import { smartRouteSchema } from '../api/generated/smart-route-schema.ts';
import type { SmartRoute } from '../api/objects.ts';
import { checkSchema } from '../api/schema-check.ts';
import { LinearRegex } from '../routes/linear-regex.ts';
import { anyHost, type PathMatch, type RouteMatch, type ValueMatch } from '../routes/route-table.ts';
import { pathProblem, requestSpelling, withoutTrailingSlashes } from './path-spelling.ts';
import { messageFor, ProblemList, quote } from './problem-list.ts';
import { createdAtMs, objectRef } from './read-metadata.ts';
import { mergeSettings, type RouteSettings } from './route-settings.ts';
import { settingsOfForward, settingsOfPolicy } from './smart-route-policy.ts';
import type { ReadSmartRouteMatch, ReadSmartRouteRule, SmartRouteReading } from './smart-route-reading.ts';
import type { ObjectRef, ProblemReason } from './translation.ts';
import { fieldsOf } from './unknown-input.ts';

/** @param key `namespace/name` in the snapshot, which is the name of the object whatever its metadata holds */
export function readSmartRoute(key: string, object: SmartRoute): SmartRouteReading {
  const ref = objectRef('smartproxy.dev/v1alpha1', 'SmartRoute', key, object);
  const problems = new ProblemList(ref);
  const spec = checkedSpec(ref, object.spec, problems);
  const { generation } = fieldsOf(object.metadata);
  const settings = spec?.policy === undefined ? {} : settingsOfPolicy(spec.policy);
  const rules = (spec?.http?.rules ?? []).map((rule, index) => readRule(ref, rule, `spec.http.rules[${index}]`, settings, problems));
  return {
    kind: 'smart-route',
    key,
    ref,
    createdAtMs: createdAtMs(object),
    generation: typeof generation === 'number' ? generation : 0,
    spec,
    hosts: spec === undefined ? [] : spec.hosts === undefined || spec.hosts.length === 0 ? [anyHost] : spec.hosts,
    settings,
    rules,
    problems: problems.list(),
  };
}

/** The spec when the API server would take it. */
function checkedSpec(ref: ObjectRef, spec: unknown, problems: ProblemList): SmartRouteSpec | undefined {
  const { invalid, unknown } = checkSchema(smartRouteSchema, spec, 'spec');
  for (const { field, sentence } of invalid) problems.add('InvalidObject', field, messageFor(ref, field, sentence));
  for (const { field, sentence } of unknown) problems.add('UnknownField', field, messageFor(ref, field, sentence));
  return invalid.length === 0 ? (spec as SmartRouteSpec) : undefined;
}

function readRule(
  ref: ObjectRef,
  { name, matches = [{}], policy, action }: SmartRouteRule,
  field: string,
  outer: RouteSettings,
  problems: ProblemList,
): ReadSmartRouteRule {
  const fromPolicy = policy === undefined ? {} : settingsOfPolicy(policy);
  const ownSettings = action.forward === undefined ? fromPolicy : mergeSettings(fromPolicy, settingsOfForward(action.forward));
  const read = matches.flatMap((match, index): ReadSmartRouteMatch[] => {
    const at = `${field}.matches[${index}]`;
    const refuse = (reason: ProblemReason, place: string, sentence: string): readonly [] => {
      problems.add(reason, `${at}.${place}`, messageFor(ref, `${at}.${place}`, sentence), name);
      return [];
    };
    const path = readPath(match);
    if (typeof path === 'string') return [...refuse('InvalidPath', 'path.value', `path ${quote(match.path?.value)} ${path}`)];
    const conditions = conditionsOf(match);
    const broken = patternProblem({ path, ...conditions });
    if (broken !== undefined) return [...refuse('InvalidRegex', broken.place, broken.sentence)];
    return [{ field: at, match: { path, ...conditions } }];
  });
  return { name, field, matches: read, ownSettings, settings: mergeSettings(outer, ownSettings), action };
}

/** The path, or why it is none: an escape may hide what the schema refuses. */
function readPath({ path }: SmartRouteMatch): PathMatch | string {
  if (path === undefined) return { kind: 'prefix', value: '/' };
  if (path.type === 'Regex') return { kind: 'regex', value: path.value };
  const value = String(requestSpelling(path.value));
  const wrong = pathProblem(value, true);
  if (wrong !== undefined) return wrong;
  return path.type === 'Exact' ? { kind: 'exact', value } : { kind: 'prefix', value: withoutTrailingSlashes(value) };
}

function conditionsOf({ methods = [], headers = [], query = [] }: SmartRouteMatch): Omit<ReadSmartRouteMatch['match'], 'path'> {
  return {
    methods,
    headers: headers.map((header) => valueMatch(header.name.toLowerCase(), header)),
    query: query.map((parameter) => valueMatch(parameter.name, parameter)),
  };
}

function valueMatch(name: string, { type = 'Exact', value = '' }: Pick<SmartRouteHeader, 'type' | 'value'>): ValueMatch {
  return { name, kind: valueKinds[type], value };
}

const valueKinds = { Exact: 'exact', Prefix: 'prefix', Regex: 'regex', Present: 'present', Absent: 'absent' } as const;

/** The first pattern that can't be used. */
function patternProblem({ path, headers, query }: RouteMatch): { readonly place: string; readonly sentence: string } | undefined {
  const inList = (list: string, matches: readonly ValueMatch[]) =>
    matches.flatMap(({ kind, value }, index) => (kind === 'regex' ? [[`${list}[${index}].value`, value] as const] : []));
  const places = [
    ...(path.kind === 'regex' ? [['path.value', path.value] as const] : []),
    ...inList('headers', headers),
    ...inList('query', query),
  ];
  for (const [place, pattern] of places) {
    const regex = LinearRegex.compile(pattern);
    if (typeof regex === 'string') return { place, sentence: `the pattern ${quote(pattern)} ${regex}` };
  }
  return undefined;
}
