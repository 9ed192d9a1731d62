import { bytesText, durationText } from '../../../../ask/units.ts';
import type { EndingSummary } from '../../../../workers/protocol.ts';
import { terminationReasonMeanings } from '../../../counters/termination-reason.ts';
import { udpEndMeanings } from '../../../counters/udp.ts';
import { type Column, dataTable } from '../components/data-table.ts';
import { filtered, filterField } from '../components/filter-field.ts';
import { absent, amountText, code, insteadOf, muted, viewHead } from '../components/pieces.ts';
import { onlySome, routeChoice } from '../components/route-choice.ts';
import { type Child, element } from '../dom/element.ts';
import { ago, clock, socketText } from '../dom/format.ts';
import { hashOf } from '../model/location.ts';
import type { View, ViewContext } from '../view.ts';

const name = '/debug/endings';
/** Most ended connections that the program is asked for. */
const limit = 1000;
const meanings: Readonly<Record<string, string>> = { ...udpEndMeanings, ...terminationReasonMeanings };

/** Who was connected, and why they left. */
export const endingsView: View = { id: 'endings', title: 'Endings', pages: ({ query }) => [name + queryText(query)], render };

function queryText(query: URLSearchParams): string {
  const route = query.get('route');
  return `?${new URLSearchParams({ limit: String(limit), ...(route !== null && { route }) })}`;
}

function render({ pages, query, nowMs }: ViewContext): readonly Child[] {
  const asked = queryText(query);
  const rows = pages.data(name, asked);
  const all = rows ?? [];
  const shown = filtered(all, query, (ending) =>
    [ending.id, socketText(ending), ending.listener, ending.serverName, ending.route, ending.endpoint, ending.reason, ending.side].join(
      ' ',
    ),
  );
  return [
    viewHead('Endings', rows && amountText(shown.length, all.length, 'ended connection'), filterField('client, route or reason', query)),
    routeChoice('endings', query),
    insteadOf(name + asked, pages),
    all.length === limit && onlySome(limit),
    rows &&
      dataTable({
        view: 'endings',
        caption: 'Connections that ended lately',
        columns: columnsAt(nowMs),
        rows: shown,
        keyOf: ({ id, endedAtMs }) => `${id} ${endedAtMs}`,
        query,
        empty: all.length === 0 ? 'No connection ended yet.' : 'None fits the filter.',
      }),
  ];
}

function columnsAt(nowMs: number): readonly Column<EndingSummary>[] {
  return [
    {
      id: 'client',
      title: 'Client',
      sortBy: ({ remoteAddress }) => remoteAddress,
      cell: (row) => [element('span', { class: 'name' }, socketText(row)), muted(row.id)],
    },
    {
      id: 'ended',
      title: 'Ended',
      kind: 'nowrap',
      sortBy: ({ endedAtMs }) => endedAtMs,
      cell: ({ endedAtMs }) => [clock(endedAtMs), muted(ago(nowMs - endedAtMs))],
    },
    {
      id: 'reason',
      title: 'Reason',
      kind: 'prose',
      sortBy: ({ reason }) => reason ?? '',
      cell: ({ reason = 'unknown', side }) => [
        code(side === undefined ? reason : `${reason}, by the ${side}`),
        Object.hasOwn(meanings, reason) && muted(String(meanings[reason]).replaceAll('`', '')),
      ],
    },
    {
      id: 'route',
      title: 'Route',
      sortBy: ({ route }) => route ?? '',
      cell: ({ route }) => (route === undefined ? absent('none') : element('a', { href: hashOf('endings', { route }) }, route)),
    },
    {
      id: 'listener',
      title: 'Arrived at',
      kind: 'wide',
      sortBy: ({ listener }) => listener,
      cell: ({ listener, serverName }) => [listener, serverName !== undefined && muted(serverName)],
    },
    {
      id: 'lasted',
      title: 'Lasted',
      kind: 'number',
      sortBy: ({ durationMs }) => durationMs,
      cell: ({ durationMs }) => durationText(durationMs),
    },
    {
      id: 'in',
      title: 'Received',
      kind: 'number wide',
      sortBy: ({ bytesReceived }) => bytesReceived,
      cell: ({ bytesReceived }) => bytesText(bytesReceived),
    },
    { id: 'out', title: 'Sent', kind: 'number wide', sortBy: ({ bytesSent }) => bytesSent, cell: ({ bytesSent }) => bytesText(bytesSent) },
  ];
}
