import type { Course } from './course.ts';
import type { Pages } from './pages.ts';
import type { Rates } from './rates.ts';

/** Takes the totals of the page that just came, for rates and their course. */
export function noteTotals(path: string, pages: Pages, rates: Rates, course: Course): void {
  if (pages.answer(path)?.kind !== 'data') return;
  const atMs = Date.now();
  if (path === '/debug/status') noteStatus(pages, rates, course, atMs);
  else if (path.startsWith('/debug/route-report?')) noteRoutes(path.slice('/debug/route-report'.length), pages, rates, atMs);
}

function noteStatus(pages: Pages, rates: Rates, course: Course, atMs: number): void {
  const status = pages.data('/debug/status');
  if (status === undefined) return;
  const { requests, byStatusClass, connectionsActive, bytesReceived, bytesSent } = status.totals;
  rates.note('status', { requests, errors: byStatusClass['5xx'] ?? 0, bytesReceived, bytesSent }, atMs);
  course.note('connections', connectionsActive, atMs);
  for (const [name, value] of Object.entries(rates.perSecond('status') ?? {})) course.note(name, value, atMs);
}

function noteRoutes(query: string, pages: Pages, rates: Rates, atMs: number): void {
  const routes = pages.data('/debug/route-report', query)?.routes ?? [];
  const keys = new Set(['status']);
  for (const { object, totals } of routes) {
    const key = `${object.kind} ${object.namespace}/${object.name}`;
    keys.add(key);
    const { requests, byStatusClass, durationSum: seconds, connectionsOpened: connections, bytesReceived, bytesSent } = totals;
    rates.note(key, { requests, errors: byStatusClass['5xx'] ?? 0, seconds, connections, bytesReceived, bytesSent }, atMs);
  }
  rates.keep(keys);
}
