import { bytesText, durationText } from '../../../../ask/units.ts';
import type { ConnectionSummary } from '../../../../workers/protocol.ts';
import { type Column, dataTable } from '../components/data-table.ts';
import { filtered, filterField } from '../components/filter-field.ts';
import { absent, amountText, code, insteadOf, muted, pill, viewHead } from '../components/pieces.ts';
import { onlySome, routeChoice } from '../components/route-choice.ts';
import { type Child, element } from '../dom/element.ts';
import { socketText } from '../dom/format.ts';
import { hashOf } from '../model/location.ts';
import type { View, ViewContext } from '../view.ts';

const name = '/debug/connections';
/** Most connections that the program is asked for. */
const limit = 1000;

/** Of a connection that speaks HTTP, nobody here notes when it last did something. */
const handedOver = 'handed_over';

/** Who is connected now. */
export const connectionsView: View = { id: 'connections', title: 'Connections', pages: ({ query }) => [name + queryText(query)], render };

function queryText(query: URLSearchParams): string {
  const route = query.get('route');
  return `?${new URLSearchParams({ limit: String(limit), ...(route !== null && { route }) })}`;
}

function render({ pages, query, canChange }: ViewContext): readonly Child[] {
  const asked = queryText(query);
  const rows = pages.data(name, asked);
  const all = rows ?? [];
  const shown = filtered(all, query, (row) =>
    [row.id, socketText(row), row.listener, row.serverName, row.route, row.endpoint, row.state].join(' '),
  );
  return [
    viewHead('Connections', rows && amountText(shown.length, all.length, 'connection'), filterField('client, route or endpoint', query)),
    routeChoice('connections', query),
    insteadOf(name + asked, pages),
    all.length === limit && onlySome(limit),
    rows &&
      dataTable({
        view: 'connections',
        caption: 'Open connections',
        columns: canChange ? [...columns, endColumn] : columns,
        rows: shown,
        keyOf: ({ id }) => id,
        query,
        empty: all.length === 0 ? 'Nobody is connected.' : 'No connection fits the filter.',
      }),
  ];
}

const columns: readonly Column<ConnectionSummary>[] = [
  {
    id: 'client',
    title: 'Client',
    sortBy: ({ remoteAddress }) => remoteAddress,
    cell: (row) => [element('span', { class: 'name' }, socketText(row)), muted(row.id)],
  },
  {
    id: 'route',
    title: 'Route',
    sortBy: ({ route }) => route ?? '',
    cell: ({ route }) => (route === undefined ? absent('none yet') : element('a', { href: hashOf('connections', { route }) }, route)),
  },
  {
    id: 'state',
    title: 'State',
    kind: 'nowrap',
    sortBy: ({ state }) => state,
    cell: ({ state }) => pill('plain', state),
  },
  {
    id: 'listener',
    title: 'Arrived at',
    kind: 'wide',
    sortBy: ({ listener }) => listener,
    cell: ({ listener, serverName }) => [listener, serverName !== undefined && muted(serverName)],
  },
  {
    id: 'endpoint',
    title: 'Endpoint',
    kind: 'wide',
    sortBy: ({ endpoint }) => endpoint ?? '',
    cell: ({ endpoint }) => (endpoint === undefined ? absent() : code(endpoint)),
  },
  { id: 'age', title: 'Age', kind: 'number', sortBy: ({ ageMs }) => ageMs, cell: ({ ageMs }) => durationText(ageMs) },
  {
    id: 'idle',
    title: 'Idle',
    kind: 'number wide',
    sortBy: ({ idleMs }) => idleMs,
    cell: ({ state, idleMs }) => (state === handedOver ? '–' : durationText(idleMs)),
  },
  {
    id: 'in',
    title: 'Received',
    kind: 'number',
    sortBy: ({ bytesReceived }) => bytesReceived,
    cell: ({ bytesReceived }) => bytesText(bytesReceived),
  },
  { id: 'out', title: 'Sent', kind: 'number', sortBy: ({ bytesSent }) => bytesSent, cell: ({ bytesSent }) => bytesText(bytesSent) },
];

const endColumn: Column<ConnectionSummary> = {
  id: 'end',
  title: 'Change',
  cell: (row) =>
    element(
      'button',
      {
        type: 'button',
        class: 'danger',
        'data-action': 'ask-end',
        'data-id': row.id,
        'aria-label': `End the connection of ${socketText(row)}`,
      },
      'End',
    ),
};
