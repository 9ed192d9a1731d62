import type { MatchRequest } from '../../../src/routes/match-request.ts';
import type { PathMatch, Route, ValueMatch } from '../../../src/routes/route.ts';
import type { RouteTable } from '../../../src/routes/route-table.ts';

/**
 * The rules of matching as prose has them, with no index and nothing shared with the code under test: of all (host, route) pairs that
 * match, the one that no other comes before.
 */
export function naiveMatch(table: RouteTable, request: MatchRequest): string {
  const covering = [...table.hosts.values()].filter((host) => naiveCovers(host.key, request.host));
  if (covering.length === 0) return 'no_host';
  const pairs = covering.flatMap((host) =>
    host.routes.filter((route) => isServed(table, route, request) && matches(route, request)).map((route) => ({ host: host.key, route })),
  );
  const first = pairs.find((pair) => pairs.every((other) => other === pair || comesBefore(pair, other)));
  return first === undefined ? 'no_path' : `${first.host} ${first.route.key}`;
}

/** Labels from the right must be equal; `*.` takes exactly one label more, `**.` at least one. */
export function naiveCovers(key: string, name: string): boolean {
  if (key === '*') return true;
  const nameLabels = name.split('.');
  const [first, ...rest] = key.split('.');
  if (first !== '*' && first !== '**') return key === name;
  const more = nameLabels.length - rest.length;
  if (nameLabels[0] === '' || name.length > 253) return false;
  return (first === '*' ? more === 1 : more >= 1) && rest.join('.') === nameLabels.slice(more).join('.');
}

/** A listener that is kept for namespaces serves their routes alone. */
function isServed({ listeners }: RouteTable, { source }: Route, { listener }: MatchRequest): boolean {
  const namespaces = listeners.get(listener)?.namespaces;
  return namespaces === undefined || namespaces.includes(source.namespace);
}

function matches(route: Route, request: MatchRequest): boolean {
  const { listeners, clients, path, methods, headers, query } = route.match;
  const pathMatches = pathFits(path, request.path);
  return (
    pathMatches &&
    (listeners === undefined || listeners.includes(request.listener)) &&
    (clients === undefined || clients.some((network) => isWithin(network, request.client))) &&
    (methods.length === 0 || methods.includes(request.method)) &&
    headers.every((wanted) => fits(wanted, valuesOf(request.headers, wanted.name))) &&
    query.every((wanted) => fits(wanted, new URLSearchParams(request.query).getAll(wanted.name).slice(0, 1)))
  );
}

/** For networks that end at a separator. */
export function isWithin(network: string, address: string): boolean {
  const beginning = { '10.0.0.0/8': '10.', '2001:db8::/32': '2001:db8:' }[network];
  return beginning === undefined ? network === address : address.startsWith(beginning);
}

function prefixMatches(prefix: string, path: string): boolean {
  if (path !== '' && !path.startsWith('/')) return false;
  const wanted = prefix.replace(/\/+$/, '').split('/');
  const given = path.split('/');
  return wanted.every((element, index) => element === given[index]);
}

function pathFits({ kind, value }: PathMatch, path: string): boolean {
  if (kind === 'exact') return value === path;
  if (path !== '' && !path.startsWith('/')) return false;
  if (kind === 'prefix') return prefixMatches(value, path);
  return kind === 'regex' ? fullMatch(value, path) : path.startsWith(beforeLookAhead(value));
}

function fullMatch(pattern: string, text: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(text);
}

function fits({ kind, value }: ValueMatch, values: readonly string[]): boolean {
  if (kind === 'absent') return values.length === 0;
  if (kind === 'present') return values.length > 0;
  if (kind === 'exact') return values.includes(value);
  if (kind === 'regex') return values.some((one) => fullMatch(value, one));
  return values.some((one) => one.startsWith(kind === 'prefix' ? value : beforeLookAhead(value)));
}

/** How everything begins that a pattern with `(?!` could fit. */
function beforeLookAhead(pattern: string): string {
  return pattern.slice(0, pattern.indexOf('(?!'));
}

function valuesOf(headers: readonly string[], name: string): readonly string[] {
  return headers.flatMap((text, index) =>
    index % 2 === 0 && text === name && headers[index + 1] !== undefined ? [headers[index + 1] ?? ''] : [],
  );
}

interface Pair {
  readonly host: string;
  readonly route: Route;
}

function comesBefore(a: Pair, b: Pair): boolean {
  const steps: readonly (readonly [number | string, number | string])[] = [
    [hostClass(a.host), hostClass(b.host)],
    [-suffix(a.host).length, -suffix(b.host).length],
    [a.host.startsWith('**') ? 1 : 0, b.host.startsWith('**') ? 1 : 0],
    [-a.route.priority, -b.route.priority],
    [a.route.match.listeners === undefined ? 1 : 0, b.route.match.listeners === undefined ? 1 : 0],
    [a.route.match.clients === undefined ? 1 : 0, b.route.match.clients === undefined ? 1 : 0],
    [pathClass(a.route), pathClass(b.route)],
    [-pathSize(a.route), -pathSize(b.route)],
    [a.route.match.methods.length > 0 ? 0 : 1, b.route.match.methods.length > 0 ? 0 : 1],
    [-a.route.match.headers.length, -b.route.match.headers.length],
    [-a.route.match.query.length, -b.route.match.query.length],
    [a.route.createdAtMs || Number.POSITIVE_INFINITY, b.route.createdAtMs || Number.POSITIVE_INFINITY],
    [`${a.route.source.namespace}/${a.route.source.name}`, `${b.route.source.namespace}/${b.route.source.name}`],
    [a.route.order ?? 0, b.route.order ?? 0],
    [a.route.key, b.route.key],
  ];
  for (const [left, right] of steps) if (left !== right) return left < right;
  return false;
}

function pathClass({ match: { path } }: Route): number {
  if (path.kind === 'prefix' && /^\/*$/.test(path.value)) return 3;
  return { exact: 0, prefix: 1, regex: 2, 'unusable-regex': 2 }[path.kind];
}

function hostClass(key: string): number {
  if (key === '*') return 2;
  return key.startsWith('*') ? 1 : 0;
}

function suffix(key: string): string {
  return key.startsWith('*') ? key.slice(key.indexOf('.') + 1) : key;
}

function pathSize(route: Route): number {
  const { kind, value } = route.match.path;
  return kind === 'prefix' ? value.replace(/\/+$/, '').length : value.length;
}
