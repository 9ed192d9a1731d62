import type { ReportedBackend } from '../../../../ask/reports/backend-report.ts';
import type { ReportedRoute, ReportedRule } from '../../../../ask/reports/route-report.ts';
import { bytesText } from '../../../../ask/units.ts';
import { type Column, dataTable } from '../components/data-table.ts';
import { filtered, filterField } from '../components/filter-field.ts';
import { absent, amountText, insteadOf, muted, pill, viewHead } from '../components/pieces.ts';
import { ruleTable } from '../components/rule-table.ts';
import { type Child, element } from '../dom/element.ts';
import { count, counted, meanDuration, perSecond } from '../dom/format.ts';
import { hashOf } from '../model/location.ts';
import type { View, ViewContext } from '../view.ts';

const name = '/debug/route-report';
/** Most objects that the program is asked for. */
const limit = 1000;
const backendsName = '/debug/backends';
/** Most Services of opened rows whose endpoints are asked for, each by itself. */
const maxServices = 20;
const hostsShown = 3;

/** What is routed, how the endpoints behind are, and how much goes through. */
export const routesView: View = {
  id: 'routes',
  title: 'Routes',
  pages: (context) => [
    name + reportQuery(context.query),
    ...openedServices(context).map((service) => backendsName + serviceQuery(service)),
  ],
  render,
};

function reportQuery(query: URLSearchParams): string {
  const search = query.get('search');
  return `?${new URLSearchParams({ limit: String(limit), ...(search && { search }) })}`;
}

function serviceQuery(service: string): string {
  return `?${new URLSearchParams({ service })}`;
}

/** Services behind the rules of rows that are open, in their order. */
function openedServices({ pages, query, expanded }: Pick<ViewContext, 'pages' | 'query' | 'expanded'>): readonly string[] {
  if (expanded.size === 0) return [];
  const opened = (pages.data(name, reportQuery(query))?.routes ?? []).filter((row) => expanded.has(routeKey(row)));
  const services = opened.flatMap(({ rules }) => rules.flatMap(({ backends }) => backends.flatMap(({ service }) => service ?? [])));
  return [...new Set(services)].slice(0, maxServices);
}

function render(context: ViewContext): readonly Child[] {
  const { pages, query, rates, expanded, canChange } = context;
  const asked = reportQuery(query);
  const report = pages.data(name, asked);
  const rows = report?.routes ?? [];
  const shown = filtered(rows, query, textOf);
  const reports = openedServices(context).map((service) => pages.data(backendsName, serviceQuery(service)));
  const backends = new Map(reports.flatMap((each) => each?.backends ?? []).map((backend) => [backend.service, backend]));
  return [
    viewHead('Routes', report && amountText(shown.length, report.total, 'object'), filterField('object, host, path or Service', query)),
    insteadOf(name + asked, pages),
    (query.get('search') || (report !== undefined && report.total > rows.length)) && searchField(query, rows.length),
    (report?.seriesRefused ?? 0) > 0 &&
      element(
        'p',
        { class: 'notice' },
        'There are more routes than are counted apart: rates are too low for some. See --max-route-series.',
      ),
    report &&
      dataTable({
        view: 'routes',
        caption: 'Routes by object',
        columns: columnsWith(rates, expanded),
        rows: shown,
        keyOf: routeKey,
        query,
        empty: rows.length === 0 ? 'Nothing is routed.' : 'No route fits the filter.',
        detail: (row) => (expanded.has(routeKey(row)) ? detailOf(row, backends, canChange) : undefined),
      }),
  ];
}

/** Where there are more objects than are asked for. */
function searchField(query: URLSearchParams, known: number): HTMLElement {
  return element(
    'label',
    { class: 'notice' },
    element('span', {}, `${count(known)} objects were asked for. Ask for those with this in a host or in namespace/name: `),
    element('input', {
      type: 'search',
      'data-query': 'search',
      value: query.get('search') ?? '',
      autocomplete: 'off',
      spellcheck: 'false',
    }),
  );
}

/** `Ingress shop/web`, as connections name it. */
export function routeKey({ object: { kind, namespace, name } }: ReportedRoute): string {
  return `${kind} ${namespace}/${name}`;
}

function textOf(row: ReportedRoute): string {
  const rules = row.rules.flatMap(({ host, match, action, backends }) => [host, match, action, ...backends.map(({ service }) => service)]);
  return [routeKey(row), row.location, ...row.hosts, ...rules].join(' ');
}

function columnsWith(rates: ViewContext['rates'], expanded: ReadonlySet<string>): readonly Column<ReportedRoute>[] {
  const rate = (row: ReportedRoute, field: string): number => rates.perSecond(routeKey(row))?.[field] ?? 0;
  const rateText = (row: ReportedRoute, field: string): Child =>
    rates.perSecond(routeKey(row)) === undefined || !hasRequests(row) ? '–' : perSecond(rate(row, field));
  return [
    {
      id: 'object',
      title: 'Object',
      sortBy: ({ object: { namespace, name } }) => `${namespace}/${name}`,
      cell: (row) => objectCell(row, expanded.has(routeKey(row))),
    },
    { id: 'hosts', title: 'Hosts', sortBy: ({ hosts }) => hosts[0] ?? '', cell: ({ hosts, rules }) => hostsCell(hosts, rules) },
    { id: 'endpoints', title: 'Endpoints', sortBy: (row) => -healthOf(row).share, cell: healthCell },
    {
      id: 'requests',
      title: 'Requests/s',
      kind: 'number',
      sortBy: (row) => rate(row, 'requests'),
      cell: (row) => rateText(row, 'requests'),
    },
    {
      id: 'errors',
      title: '5xx/s',
      kind: 'number',
      sortBy: (row) => rate(row, 'errors'),
      cell: (row) => (rate(row, 'errors') > 0 ? element('span', { class: 'bad-text' }, rateText(row, 'errors')) : rateText(row, 'errors')),
    },
    {
      id: 'time',
      title: 'Mean time',
      kind: 'number wide',
      sortBy: (row) => meanMs(rate(row, 'seconds'), rate(row, 'requests')),
      cell: (row) => meanText(rate(row, 'seconds'), rate(row, 'requests')),
    },
    {
      id: 'total',
      title: 'Requests',
      kind: 'number wide',
      sortBy: ({ totals }) => totals.requests,
      cell: (row) => (hasRequests(row) ? count(row.totals.requests) : '–'),
    },
    {
      id: 'connections',
      title: 'Connections',
      kind: 'number',
      sortBy: ({ totals }) => totals.connectionsActive ?? 0,
      cell: (row) => connectionsCell(row, rates.perSecond(routeKey(row))),
    },
    {
      id: 'problems',
      title: 'Problems',
      sortBy: ({ problems, moreProblems }) => problems.length + moreProblems,
      cell: problemsCell,
    },
  ];
}

function objectCell(row: ReportedRoute, isOpen: boolean): readonly Child[] {
  const { object, location } = row;
  const label = `${object.namespace}/${object.name}`;
  return [
    element(
      'button',
      { type: 'button', class: 'toggle', 'data-action': 'toggle', 'data-id': routeKey(row), 'aria-expanded': String(isOpen) },
      element('span', { class: 'name' }, label),
    ),
    muted([object.kind, location].filter(Boolean).join(' · ')),
  ];
}

function hostsCell(hosts: readonly string[], rules: readonly ReportedRule[]): readonly Child[] {
  const rest = hosts.length - hostsShown;
  const names =
    hosts.length === 0
      ? [...new Set(rules.flatMap(({ listeners }) => listeners))].map((listener) => `listener ${listener}`)
      : hosts.slice(0, hostsShown);
  const tls = [...new Set(rules.map((rule) => rule.tls))].filter((kind) => kind !== 'none');
  return [names.join(', '), rest > 0 && ` and ${rest} more`, tls.length > 0 && muted(`TLS ${tls.join(', ')}`)];
}

function healthOf({ rules }: ReportedRoute): { readonly ready: number; readonly total: number; readonly share: number } {
  const services = new Map(
    rules.flatMap(({ backends }) => backends.map(({ service, ready, total }) => [service, { ready, total }] as const)),
  );
  const [ready, total] = [...services.values()].reduce(([a, b], each) => [a + each.ready, b + each.total], [0, 0]);
  return { ready, total, share: total === 0 ? 0 : ready / total };
}

function healthCell(row: ReportedRoute): Child | readonly Child[] {
  const failing = row.rules.filter(({ failure }) => failure !== undefined).length;
  if (failing > 0 && failing === row.rules.length && row.moreRules === 0) return pill('bad', 'not served');
  const unserved = failing > 0 && muted(`${counted(failing, 'rule')} not served`);
  if (row.rules.every(({ backends }) => backends.length === 0)) return [absent('none needed'), unserved];
  const { ready, total } = healthOf(row);
  if (total === 0) return [pill('bad', 'no endpoints'), unserved];
  return [pill(ready === 0 ? 'bad' : ready < total ? 'warning' : 'good', `${ready} of ${total} ready`), unserved];
}

/** Whether it takes connections or UDP sessions as a whole; what it does with requests is counted by request. */
function hasConnections({ rules, totals }: ReportedRoute): boolean {
  return totals.connectionsOpened > 0 || rules.some(({ host, tls }) => host === undefined || tls === 'passes through');
}

function hasRequests(row: ReportedRoute): boolean {
  return row.totals.requests > 0 || !hasConnections(row);
}

function connectionsCell(row: ReportedRoute, now: Readonly<Record<string, number>> | undefined): readonly Child[] {
  if (!hasConnections(row)) return ['–'];
  const { connections = 0, bytesReceived = 0, bytesSent = 0 } = now ?? {};
  const open = row.totals.connectionsActive;
  return [
    open === undefined ? 'open: unknown' : `${count(open)} open`,
    now !== undefined && muted(`${perSecond(connections)}/s opened`),
    now !== undefined && muted(`${bytesText(bytesReceived)}/s in, ${bytesText(bytesSent)}/s out`),
  ];
}

function meanMs(seconds: number, requests: number): number {
  return requests === 0 ? 0 : (seconds / requests) * 1000;
}

function meanText(seconds: number, requests: number): string {
  return requests === 0 ? '–' : meanDuration(meanMs(seconds, requests));
}

function problemsCell({ problems, moreProblems, object }: ReportedRoute): Child {
  if (problems.length === 0) return absent();
  const worst = problems.some(({ level }) => level === 'error') ? 'bad' : 'warning';
  return element(
    'a',
    { href: hashOf('problems', { filter: `${object.kind} ${object.namespace}/${object.name}` }), class: 'pill-link' },
    pill(worst, count(problems.length + moreProblems)),
  );
}

function detailOf(row: ReportedRoute, backends: ReadonlyMap<string, ReportedBackend>, canChange: boolean): readonly Child[] {
  const key = routeKey(row);
  return [
    ruleTable(row.rules, row.moreRules, backends, canChange),
    element(
      'p',
      { class: 'links' },
      element('a', { href: hashOf('tap', { route: key }) }, 'Its requests'),
      ' · ',
      element('a', { href: hashOf('connections', { route: key }) }, 'Its connections'),
      ' · ',
      element('a', { href: hashOf('endings', { route: key }) }, 'Its endings'),
    ),
  ];
}
