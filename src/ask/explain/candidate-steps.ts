import type { PrecedenceStep } from '../../routes/compare-routes.ts';
import type { MatchExplanation, RouteVerdict } from '../../routes/explain-match.ts';
import type { FailedCondition } from '../../routes/match-conditions.ts';
import type { MatchRequest } from '../../routes/match-request.ts';
import type { Route } from '../../routes/route.ts';
import { wantedText } from '../match-text.ts';
import type { ExplainContext } from './explain-context.ts';
import type { CandidateStep, LossStep, ObjectPlace } from './explanation.ts';

/** What tells where routes are written. */
type Places = Pick<ExplainContext, 'locationOf' | 'fieldOf'>;

/** What became of each route, in words. */
export function candidateSteps({ verdicts, result }: MatchExplanation, request: MatchRequest, places: Places): readonly CandidateStep[] {
  const winner = result.kind === 'route' ? result.route : undefined;
  return verdicts.map((verdict) => ({
    ...placeOf(verdict.route, places),
    key: verdict.route.key,
    host: verdict.host,
    path: pathText(verdict.route),
    outcome: verdict.outcome.kind === 'wins' ? 'wins' : 'loses',
    why: lossesOf(verdict, request, winner),
  }));
}

/** What a route comes of. */
export function placeOf({ source, key }: Pick<Route, 'source' | 'key'>, { locationOf, fieldOf }: Places): ObjectPlace {
  const { kind, namespace, name } = source;
  return { object: `${kind} ${namespace}/${name}`, field: fieldOf(source, key), location: locationOf(kind, `${namespace}/${name}`) };
}

/** `/cart (prefix)` */
export function pathText({ match: { path } }: Route): string {
  return `${path.value} (${path.kind})`;
}

function lossesOf({ host, route, outcome }: RouteVerdict, request: MatchRequest, winner: Winner | undefined): readonly LossStep[] {
  switch (outcome.kind) {
    case 'wins':
      return [];
    case 'too-costly':
      return [
        {
          by: 'cost',
          says: 'its patterns would cost too much to try on this request, so it is answered 503 and nothing behind it is asked',
        },
      ];
    case 'outranked':
      return [outrankedBy(host, route, outcome.step, winner)];
    case 'differs':
      return [...pathLoss(route, outcome.fitsPath, request), ...outcome.failed.map((failed) => conditionLoss(failed, request))];
  }
}

interface Winner {
  readonly route: Route;
  readonly host: { readonly key: string };
}

function outrankedBy(host: string, route: Route, step: PrecedenceStep | undefined, winner: Winner | undefined): LossStep {
  if (winner === undefined) return { by: 'cost', says: 'a route before it has patterns that would cost too much to try' };
  if (step === undefined)
    return { by: 'host', says: `it would take the request, but ${winner.host.key} is a more specific host than ${host}` };
  return { by: 'precedence', says: `it would take the request, but the winner comes first: ${precedenceText(step, winner.route, route)}` };
}

function precedenceText(step: PrecedenceStep, first: Route, second: Route): string {
  switch (step) {
    case 'priority':
      return `priority ${first.priority} against ${second.priority}`;
    case 'listeners':
      return 'it is for certain listeners, this one for any';
    case 'clients':
      return 'it is for certain clients, this one for any';
    case 'path-kind':
      return `${kindText(first)} comes before ${kindText(second)}`;
    case 'path-length':
      return `its path ${first.match.path.value} is longer`;
    case 'methods':
      return 'it is for certain methods, this one for any';
    case 'headers':
      return `it asks for ${first.match.headers.length} headers, this one for ${second.match.headers.length}`;
    case 'query':
      return `it asks for ${first.match.query.length} query parameters, this one for ${second.match.query.length}`;
    case 'age':
      return 'its object is older';
    case 'name':
      return `of the same age, ${first.source.namespace}/${first.source.name} comes before ${second.source.namespace}/${second.source.name}`;
    case 'order':
      return 'it is written first in its object';
    case 'key':
      return 'all else being equal, its name comes first';
  }
}

function kindText({ match: { path } }: Route): string {
  const isRoot = path.kind === 'prefix' && /^\/*$/.test(path.value);
  return isRoot
    ? 'the prefix /'
    : { exact: 'an exact path', prefix: 'a prefix', regex: 'a pattern', 'unusable-regex': 'a pattern' }[path.kind];
}

function pathLoss({ match: { path } }: Route, fits: boolean | undefined, request: MatchRequest): readonly LossStep[] {
  if (fits === true) return [];
  if (fits === undefined)
    return [{ by: 'path', says: `whether ${shown(request.path)} fits ${path.value} would cost too much to find out` }];
  const says = {
    exact: `${shown(request.path)} is not ${path.value}`,
    prefix: `${shown(request.path)} is not ${path.value} or below it`,
    regex: `${shown(request.path)} does not fit ${path.value} as a whole`,
    'unusable-regex': `${shown(request.path)} does not begin as ${path.value}, which is no usable pattern`,
  }[path.kind];
  return [{ by: 'path', says }];
}

function conditionLoss(failed: FailedCondition, request: MatchRequest): LossStep {
  switch (failed.kind) {
    case 'listener':
      return { by: 'listener', says: `it is for the listener ${failed.wanted.join(', ') || 'of none'}, not ${request.listener}` };
    case 'namespace':
      return { by: 'namespace', says: `the listener ${request.listener} is kept for routes of ${failed.wanted.join(', ')}` };
    case 'client':
      return {
        by: 'client',
        says: `it is for clients of ${failed.wanted.join(', ')}, not ${request.client || 'one whose address is not given (--client)'}`,
      };
    case 'method':
      return { by: 'method', says: `it is for ${failed.wanted.join(', ')}, not ${request.method}` };
    case 'header':
    case 'query':
      return {
        by: failed.kind,
        says: `it wants ${failed.kind === 'header' ? 'the header' : 'the query parameter'} ${wantedText(failed.wanted)}`,
      };
  }
}

function shown(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}...` : path;
}
