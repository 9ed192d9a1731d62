import { isNetwork } from '../address-list.ts';
import type { SmartRouteHeader, SmartRouteMatch, SmartRoutePolicy, SmartRouteRule, SmartRouteSpec } from '../api/generated/smart-route.ts';
import type { SmartRoute } from '../api/objects.ts';
import { LinearRegex } from '../routes/linear-regex.ts';
import type { PathMatch, RouteMatch, ValueMatch } from '../routes/route.ts';
import { anyHost } from '../routes/route-table.ts';
import { type AbsentHeader, absentHeadersOfPolicy, absentHeadersOfRule } from './absent-headers.ts';
import { checkedRoute } from './checked-route.ts';
import { pathProblem, requestSpelling, withoutDotElements, withoutTrailingSlashes } from './path-spelling.ts';
import { messageFor, ProblemList, quote } from './problem-list.ts';
import { wrongExemption } from './rate-limits.ts';
import { createdAtMs, isBeingDeleted, objectRef } from './read-metadata.ts';
import { mergeSettings, type RouteSettings } from './route-settings.ts';
import {
  settingsOfClientConnection,
  settingsOfConnection,
  settingsOfForward,
  settingsOfPolicy,
  settingsOfUdp,
} from './smart-route-policy.ts';
import type { ReadSmartRouteMatch, ReadSmartRouteRule, SmartRouteReading } from './smart-route-reading.ts';
import type { ObjectRef, ProblemReason } from './translation.ts';
import { fieldsOf } from './unknown-input.ts';

/** @param key `namespace/name` in the snapshot, which is the name of the object whatever its metadata holds */
export function readSmartRoute(key: string, object: SmartRoute): SmartRouteReading {
  const ref = objectRef('smartproxy.dev/v1alpha1', 'SmartRoute', key, object);
  const problems = new ProblemList(ref);
  const { spec, brokenRules, broken } = checkedRoute(ref, object.spec, problems);
  const { generation } = fieldsOf(object.metadata);
  const fromPolicy = spec?.policy === undefined ? {} : settingsOfPolicy(spec.policy, `SmartRoute ${key}`);
  const settings = withConnection(fromPolicy, spec);
  reportExemption(ref, spec?.policy, 'spec', undefined, problems);
  reportAbsent(ref, absentHeadersOfPolicy(spec?.policy ?? {}), 'spec', undefined, problems);
  const rules = (spec?.http?.rules ?? []).map((rule, index) => {
    return readRule(ref, rule, `spec.http.rules[${index}]`, settings, problems, broken ?? brokenRules.get(index));
  });
  return {
    kind: 'smart-route',
    key,
    ref,
    createdAtMs: createdAtMs(object),
    isBeingDeleted: isBeingDeleted(object),
    generation: typeof generation === 'number' ? generation : 0,
    spec,
    broken,
    hosts: spec === undefined ? [] : hostsOf(spec),
    clients: clientsOf(ref, spec?.clientCIDRs, problems),
    settings,
    rules,
    problems: problems.list(),
  };
}

/** The settings of an object: with rules for requests its policy comes first, which is about WebSockets alone, otherwise `connection`. */
function withConnection(fromPolicy: RouteSettings, { connection, http, udp }: Partial<SmartRouteSpec> = {}): RouteSettings {
  if (http !== undefined && connection !== undefined) return mergeSettings(settingsOfClientConnection(connection), fromPolicy);
  return [connection && settingsOfConnection(connection), udp && settingsOfUdp(udp)]
    .filter((of) => of !== undefined)
    .reduce(mergeSettings, fromPolicy);
}

/** What goes by its listener alone has no host, not even any. */
function hostsOf({ hosts = [], tcp, udp, tls }: SmartRouteSpec): readonly string[] {
  if ((tcp !== undefined && tls === undefined) || udp !== undefined) return [];
  return hosts.length === 0 ? [anyHost] : hosts;
}

/** A route for nobody's address is for nobody: it must not become one for everybody. */
function clientsOf(ref: ObjectRef, cidrs: readonly string[] | undefined, problems: ProblemList): readonly string[] | undefined {
  const wrong = cidrs?.find((cidr) => !isNetwork(cidr));
  if (wrong === undefined) return cidrs;
  const field = 'spec.clientCIDRs';
  const sentence = `${quote(wrong)} is no address or CIDR, so it stands for no client; correct it`;
  problems.add('InvalidAddress', field, messageFor(ref, field, sentence));
  return cidrs?.filter(isNetwork);
}

function readRule(
  ref: ObjectRef,
  rule: SmartRouteRule,
  field: string,
  outer: RouteSettings,
  problems: ProblemList,
  broken: string | undefined,
): ReadSmartRouteRule {
  const { name, matches = [{}], policy, action } = rule;
  reportExemption(ref, policy, field, name, problems);
  if (broken === undefined) reportAbsent(ref, absentHeadersOfRule(rule), field, name, problems);
  const fromPolicy = policy === undefined ? {} : settingsOfPolicy(policy, `SmartRoute ${ref.namespace}/${ref.name} ${name}`);
  const ownSettings = action.forward === undefined ? fromPolicy : mergeSettings(fromPolicy, settingsOfForward(action.forward));
  const read = matches.map((match, index): ReadSmartRouteMatch => {
    const at = `${field}.matches[${index}]`;
    const { match: asked, problem } = readMatch(match);
    // What the matches of a broken rule may have meant is nobody's text.
    if (problem !== undefined && broken === undefined) {
      const place = `${at}.${problem.place}`;
      problems.add(
        problem.reason,
        place,
        messageFor(ref, place, `${problem.sentence}; until it is corrected, what it covers is answered 503`),
        name,
      );
    }
    return { field: at, match: asked, broken: broken ?? problem?.sentence };
  });
  return { name, field, broken, matches: read, ownSettings, settings: mergeSettings(outer, ownSettings), action };
}

function reportExemption(
  ref: ObjectRef,
  policy: SmartRoutePolicy | undefined,
  where: string,
  rule: string | undefined,
  problems: ProblemList,
): void {
  const wrong = wrongExemption(policy?.rateLimits ?? []);
  if (wrong === undefined) return;
  const field = `${where}.policy.rateLimits`;
  problems.add(
    'InvalidAddress',
    field,
    messageFor(ref, field, `${quote(wrong)} in exempt is no address or CIDR, so its requests are counted; correct it`),
    rule,
  );
}

function reportAbsent(
  ref: ObjectRef,
  headers: readonly AbsentHeader[],
  where: string,
  rule: string | undefined,
  problems: ProblemList,
): void {
  for (const { place, sentence } of headers) {
    const field = `${where}.${place}`;
    problems.add('NoEffect', field, messageFor(ref, field, sentence), rule);
  }
}

/** Why a match can't be used. */
interface MatchProblem {
  readonly reason: ProblemReason;
  /** Below the match. */
  readonly place: string;
  readonly sentence: string;
}

/** The match, with what it may have meant in place of what can't be used, and the first thing that can't. */
function readMatch(match: SmartRouteMatch): { readonly match: RouteMatch; readonly problem: MatchProblem | undefined } {
  const { path, problem } = readPath(match);
  const asked = { path, ...conditionsOf(match) };
  const found = [
    problem,
    regexProblem('path.value', asked.path),
    ...asked.headers.map((header, index) => regexProblem(`headers[${index}].value`, header)),
    ...asked.query.map((parameter, index) => regexProblem(`query[${index}].value`, parameter)),
  ].find((one) => one !== undefined);
  if (found === undefined) return { match: asked, problem: undefined };
  const { headers, query, methods } = asked;
  return { match: { path: usable(asked.path), methods, headers: headers.map(usable), query: query.map(usable) }, problem: found };
}

/** An escape may hide what the schema refuses. */
function readPath({ path }: SmartRouteMatch): { readonly path: PathMatch; readonly problem?: MatchProblem } {
  if (path === undefined) return { path: { kind: 'prefix', value: '/' } };
  if (path.type === 'Regex') return { path: { kind: 'regex', value: path.value } };
  const value = String(requestSpelling(path.value));
  const wrong = pathProblem(value, true);
  const kind = path.type === 'Exact' ? 'exact' : 'prefix';
  if (wrong === undefined) return { path: { kind, value: kind === 'exact' ? value : withoutTrailingSlashes(value) } };
  const sentence = `path ${quote(path.value)} ${wrong}`;
  // What requests that spell it so come to.
  return { path: { kind, value: withoutDotElements(value) }, problem: { reason: 'InvalidPath', place: 'path.value', sentence } };
}

function conditionsOf({ methods = [], headers = [], query = [] }: SmartRouteMatch): Omit<RouteMatch, 'path'> {
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

function regexProblem(place: string, { kind, value }: PathMatch | ValueMatch): MatchProblem | undefined {
  const why = kind === 'regex' ? LinearRegex.compile(value) : undefined;
  if (typeof why !== 'string') return undefined;
  // What a header or a parameter has to be may be a token: neither it nor the piece that the library quotes is told to who reads problems.
  const sentence = place.startsWith('path') ? `the pattern ${quote(value)} ${why}` : `the pattern ${why.replace(/: `.*$/s, '')}`;
  return { reason: 'InvalidRegex', place, sentence };
}

function usable<M extends PathMatch | ValueMatch>(match: M): M {
  return regexProblem('', match) === undefined ? match : { ...match, kind: 'unusable-regex' };
}
