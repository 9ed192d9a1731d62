import type { StatusReport, StatusWorker } from '../../../../ask/reports/status-report.ts';
import { bytesText, durationText } from '../../../../ask/units.ts';
import { type Column, dataTable } from '../components/data-table.ts';
import { code, insteadOf, muted, panel, pill, type Tone, viewHead } from '../components/pieces.ts';
import { type Child, element } from '../dom/element.ts';
import { count, counted, perSecond, shortTime } from '../dom/format.ts';
import { sparkline } from '../dom/sparkline.ts';
import { hashOf } from '../model/location.ts';
import type { View, ViewContext } from '../view.ts';

/** Whether all is well, and how much goes through. */
export const overviewView: View = { id: '', title: 'Overview', pages: () => [], render };

function render(context: ViewContext): readonly Child[] {
  const status = context.pages.data('/debug/status');
  if (status === undefined) return [viewHead('Overview', undefined), insteadOf('/debug/status', context.pages)];
  return [
    viewHead('Overview', undefined),
    troubles(status),
    tiles(status, context),
    element('div', { class: 'columns' }, program(status), table(status), listeners(status)),
    panel(
      'Workers',
      dataTable({
        view: '',
        caption: 'Workers',
        columns: workerColumns,
        rows: status.workers,
        keyOf: ({ id }) => String(id),
        query: context.query,
        empty: 'There are no workers.',
      }),
    ),
  ];
}

function troubles({ troubles }: StatusReport): Child {
  if (troubles.length === 0) return undefined;
  return panel(
    'What does not work',
    element(
      'ul',
      { class: 'findings' },
      ...troubles.map(({ part, reason, message, keepsFromReady }) =>
        element(
          'li',
          {},
          pill(keepsFromReady ? 'bad' : 'warning', keepsFromReady ? 'keeps from ready' : 'beside'),
          ' ',
          element('span', { class: 'name' }, part),
          ' ',
          code(reason),
          ' ',
          message,
        ),
      ),
    ),
  );
}

function tiles({ ready, uptimeSeconds, problems, totals }: StatusReport, { rates, course, nowMs }: ViewContext): HTMLElement {
  const now = rates.perSecond('status');
  const { errors, warnings } = problems;
  const draw = (name: string): SVGElement => sparkline(course.of(name), nowMs);
  return element(
    'dl',
    { class: 'tiles' },
    tile('State', pill(ready ? 'good' : 'bad', ready ? 'ready' : 'not ready'), `up ${durationText(uptimeSeconds * 1000)}`),
    tile('Requests a second', rateText(now?.requests), `${count(totals.requests)} since the start`, draw('requests')),
    tile('Answers 5xx a second', rateText(now?.errors), shareText(now?.errors, now?.requests), draw('errors')),
    tile(
      'Connections',
      element('a', { href: hashOf('connections') }, count(totals.connectionsActive)),
      `${count(totals.connectionsAccepted)} since the start`,
      draw('connections'),
    ),
    tile(
      'Bytes out a second',
      now === undefined ? '–' : bytesText(now.bytesSent ?? 0),
      now === undefined ? undefined : `${bytesText(now.bytesReceived ?? 0)} in`,
      draw('bytesSent'),
    ),
    tile(
      'Problems',
      element('a', { href: hashOf('problems') }, errors + warnings === 0 ? 'none' : count(errors + warnings)),
      errors + warnings === 0 ? 'in objects' : `${counted(errors, 'error')}, ${counted(warnings, 'warning')}`,
    ),
  );
}

function tile(title: string, value: Child, note: string | undefined, drawing?: SVGElement): HTMLElement {
  return element(
    'div',
    { class: 'tile' },
    element('dt', {}, title),
    element('dd', { class: 'value' }, value),
    element('dd', { class: 'note' }, note ?? ''),
    drawing !== undefined && element('dd', { class: 'drawing', 'aria-hidden': 'true' }, drawing),
  );
}

function rateText(value: number | undefined): string {
  return value === undefined ? '–' : perSecond(value);
}

function shareText(part: number | undefined, whole: number | undefined): string | undefined {
  if (part === undefined || whole === undefined) return undefined;
  return whole === 0 ? 'no requests' : `${((part / whole) * 100).toFixed(part === 0 ? 0 : 1)} % of requests`;
}

function program({ version, node, pod, startedAt, source, admin }: StatusReport): HTMLElement {
  return panel(
    'Program',
    facts([
      ['Version', version],
      ['Node', node],
      ...(pod === undefined ? [] : [['Pod', `${pod.namespace}/${pod.name}`] as const]),
      ['Started', shortTime(startedAt)],
      ...sourceFacts(source),
      ['Changes here', admin.canChange ? 'with the admin token' : 'none: no usable --admin-token-file'],
    ]),
  );
}

function sourceFacts(source: StatusReport['source']): readonly (readonly [string, Child])[] {
  if (source.kind === 'manifests') return [['Objects from', code(source.folder)]];
  return [
    ['Objects from', 'the API server'],
    ['Class', source.ingressClass],
    ['Leader', source.leader ? 'yes' : 'no'],
    ['Writes statuses', source.writesStatus ? 'yes' : 'no'],
  ];
}

function table({ table: { generation, publishedAt, routes, hosts, services, endpoints, certificates } }: StatusReport): HTMLElement {
  return panel(
    'Table',
    facts([
      ['Routes', element('a', { href: hashOf('routes') }, count(routes))],
      ['Hosts', count(hosts)],
      ['Services', count(services)],
      ['Endpoints', count(endpoints)],
      ['Certificates', element('a', { href: hashOf('certificates') }, count(certificates))],
      ['Published', `${publishedAt === undefined ? 'not yet' : shortTime(publishedAt)}, number ${count(generation)}`],
    ]),
  );
}

function listeners({ listeners: all }: StatusReport): HTMLElement {
  return panel(
    'Listeners',
    facts(all.map(({ listener, address, problem }) => [listener, problem === undefined ? code(address ?? '–') : pill('bad', problem)])),
  );
}

function facts(rows: readonly (readonly [string, Child])[]): HTMLElement {
  return element(
    'dl',
    { class: 'facts' },
    ...rows.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
  );
}

const workerTones: Readonly<Record<StatusWorker['state'], Tone>> = { serving: 'good', starting: 'warning', gone: 'bad' };

const workerColumns: readonly Column<StatusWorker>[] = [
  {
    id: 'worker',
    title: 'Worker',
    cell: ({ id, pid }) => [element('span', { class: 'name' }, String(id)), pid !== undefined && muted(`process ${pid}`)],
  },
  {
    id: 'state',
    title: 'State',
    cell: ({ state, overload }) => [pill(workerTones[state], state), overload !== 'normal' && muted(`overload: ${overload}`)],
  },
  { id: 'connections', title: 'Connections', kind: 'number', cell: ({ connections }) => count(connections) },
  { id: 'memory', title: 'Memory', kind: 'number', cell: ({ rssBytes }) => (rssBytes === undefined ? '–' : bytesText(rssBytes)) },
  {
    id: 'delay',
    title: 'Loop delay',
    kind: 'number',
    cell: ({ eventLoopDelayMs }) => (eventLoopDelayMs === undefined ? '–' : `${eventLoopDelayMs.toFixed(1)} ms`),
  },
  { id: 'restarts', title: 'Restarts', kind: 'number', cell: ({ restarts }) => count(restarts) },
  { id: 'table', title: 'Table', kind: 'number wide', cell: ({ generation }) => count(generation) },
];
