import { tableText } from '../table-text.ts';
import { countOf } from '../units.ts';
import type { BackendReport, ReportedBackend } from './backend-report.ts';

const heading = ['SERVICE', 'PROTOCOL', 'BALANCING', 'ENDPOINT', 'STATE', 'ACTIVE', 'REQUESTS', 'WHY'];

const next = 'What is routed to which Service: smartproxy-ingress routes; what is missing: smartproxy-ingress problems';

/** Services for people: a line for each endpoint. Pure. */
export function renderBackendReport({ total, backends, nearest }: BackendReport): string {
  if (backends.length === 0) return `No backends. ${nearest === undefined ? next : `Did you mean ${nearest}?`}`;
  const lines = [tableText(heading, backends.flatMap(rowsOf))];
  if (total > backends.length) lines.push(`... and ${countOf(total - backends.length, 'Service')} more`);
  return lines.join('\n');
}

function rowsOf({ service, protocol, balancing, endpoints, moreEndpoints }: ReportedBackend): string[][] {
  const first = [service, protocol, balancing];
  if (endpoints.length === 0) return [[...first, '-', 'no endpoints']];
  const rows = endpoints.map(({ address, state, active, requests, reason = '' }, index) => [
    ...(index === 0 ? first : ['', '', '']),
    address,
    state,
    String(active),
    String(requests),
    reason,
  ]);
  if (moreEndpoints > 0) rows.push(['', '', '', `... and ${moreEndpoints} more`]);
  return rows;
}
