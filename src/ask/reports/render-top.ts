import { tableText } from '../table-text.ts';
import { bytesText } from '../units.ts';
import type { TopRoute, TopView, TopWorker } from './top-view.ts';

/** What goes on for people, in at most so many lines of so many characters. Pure. */
export function renderTopView(
  view: TopView,
  title: string,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): string {
  const head = [
    title,
    `${view.ready ? 'ready' : 'NOT READY'}   requests ${perSecond(view.requests)}, 5xx ${perSecond(view.errors)}   connections ${view.connectionsActive} open, ${perSecond(view.connectionsAccepted)} new   in ${bytesText(view.bytesReceived)}/s, out ${bytesText(view.bytesSent)}/s`,
    ...tableText(['WORKER', 'STATE', 'CPU', 'MEMORY', 'CONNECTIONS'], view.workers.map(workerRow)).split('\n'),
    '',
  ];
  const heading = ['OBJECT', 'REQUESTS', '5XX', 'MEDIAN', 'P99', 'CONNECTIONS'];
  const room = Math.max(1, rows - head.length - 2);
  const routes = tableText(heading, view.routes.slice(0, room).map(routeRow)).split('\n');
  const more = view.routes.length - room;
  const lines = [...head, ...routes, ...(more > 0 ? [`... and ${more} more`] : [])];
  return lines
    .slice(0, rows)
    .map((line) => line.slice(0, columns))
    .join('\n');
}

function workerRow({ id, state, cpuPercent, rssBytes, connections }: TopWorker): string[] {
  return [
    String(id),
    state,
    cpuPercent === undefined ? '-' : `${Math.round(cpuPercent)} %`,
    rssBytes === undefined ? '-' : bytesText(rssBytes),
    String(connections),
  ];
}

function routeRow({ object, requests, errors, medianMs, p99Ms, connectionsActive }: TopRoute): string[] {
  const open = String(connectionsActive ?? 'unknown');
  return [object, perSecond(requests), perSecond(errors), milliseconds(medianMs), milliseconds(p99Ms), open];
}

function perSecond(rate: number): string {
  return `${rate === 0 || rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s`;
}

function milliseconds(ms: number | undefined): string {
  return ms === undefined ? '-' : `${ms >= 10 ? Math.round(ms) : ms.toFixed(1)} ms`;
}
