import { renderColumns } from '../columns.ts';
import { printable } from '../printable.ts';
import type { BackendStep, CandidateStep, EndpointStep, Explanation, FilterStep, ProblemStep, TlsStep } from './explanation.ts';

/** Most candidates that are shown as text; JSON has all. */
const maxShown = 40;

/** An explanation for a terminal. What comes from objects or requests is on one line, without control characters. Pure. */
export function renderExplanation(explanation: Explanation): string {
  const { summary, asked, listener, tls, edge, candidates, winner, filters, effects, backends, problems, notes, request } = explanation;
  const where = listener === undefined ? '' : ` on listener ${listener.key} (${listener.protocol}, port ${listener.publishedPort})`;
  const isRequest = /^(?:http|ws)s?:/i.test(asked.url);
  const sections = [
    `${isRequest ? `${asked.method} ` : ''}${asked.url}${where}${readAs(asked.url, request)}`,
    summary,
    tls === undefined ? '' : section('TLS', tlsLines(tls)),
    section(
      'Before routes',
      edge
        .filter(({ verdict }) => verdict !== 'passes')
        .map(filterRow)
        .map(joined),
    ),
    section(candidatesTitle(explanation), candidateLines(candidates, explanation.omittedCandidates)),
    winner === undefined ? '' : section('Winner', [`${winner.object}${at(winner.location)}: ${winner.action}`, `as ${winner.key}`]),
    section('Filters, in order', columns(filters.map(filterRow))),
    section('On the way', effects),
    section('Backends', backends.flatMap(backendLines)),
    section('Problems of these objects', problems.map(problemLine)),
    section('Notes', notes),
  ];
  return sections
    .filter((text) => text !== '')
    .map(printable)
    .join('\n\n');
}

/** What of a URL the proxy reads otherwise than it is written. */
function readAs(url: string, request: Explanation['request']): string {
  if (request === undefined) return '';
  const path = /^[a-z]+:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] ?? '';
  return (path || '/') === request.path && url.includes(request.host) ? '' : `, read as ${request.host}${request.path}`;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n');
}

function candidatesTitle({ candidates }: Explanation): string {
  return candidates.length === 1 ? 'The only candidate' : 'Candidates, in order';
}

function candidateLines(candidates: readonly CandidateStep[], omitted: number): readonly string[] {
  const winner = candidates.findIndex(({ outcome }) => outcome === 'wins');
  const shown = candidates.filter((_, index) => index < maxShown || index === winner);
  const rows = shown.map(({ outcome, host, path, object, location, why }) => [
    outcome,
    host,
    path,
    object,
    location ?? '',
    why.map(({ by, says }) => `${by}: ${says}`).join('; '),
  ]);
  const left = candidates.length - shown.length + omitted;
  return [...columns(rows), ...(left === 0 ? [] : [`... and ${left} more`])];
}

function tlsLines(tls: TlsStep): readonly string[] {
  const { kind, serverName, host, certificates, minVersion, clientCertificate, says } = tls;
  const name = serverName ?? 'no server name';
  const ends = { 'ends-here': 'ends here', passes: 'passes through', refused: 'refused' }[kind];
  return [
    `${name}: ${ends}; ${says}${host === undefined || says.includes(host) ? '' : ` (host ${host})`}`,
    ...certificates.map(
      (certificate) =>
        `certificate ${certificate.key} (${certificate.keyType}) for ${certificate.names.join(', ')}, until ${certificate.notAfter}${certificate.covers || serverName === undefined ? '' : `, which does not cover ${serverName}`}`,
    ),
    ...(minVersion === undefined ? [] : [`${minVersion} or newer`]),
    ...(clientCertificate === 'none' ? [] : [`a certificate of the client is ${clientCertificate}`]),
  ];
}

function filterRow({ name, verdict, says }: FilterStep): readonly string[] {
  return [name, verdict === 'not-reached' ? 'not reached' : verdict, says];
}

function backendLines({ service, share, protocol, loadBalancing, host, endpoints }: BackendStep): readonly string[] {
  if (service === undefined) return [`${share} %  a Service that can not be served`];
  const asked = host === undefined ? '' : `, Host ${host}`;
  const rows = endpoints.map((endpoint) => [
    `  ${stateText(endpoint)}`,
    endpoint.url,
    endpoint.zone === undefined ? '' : `zone ${endpoint.zone}`,
  ]);
  return [`${share} %  ${service} (${protocol}, ${loadBalancing}${asked})`, ...(rows.length === 0 ? ['  no endpoints'] : columns(rows))];
}

function stateText({ state, out }: EndpointStep): string {
  return out === undefined ? state : `${state}, ${out}`;
}

function problemLine({ object, location, reason, field, message }: ProblemStep): string {
  const subject = message.startsWith(object) ? '' : `${object}${field === '' ? '' : ` ${field}`}: `;
  return `${location === undefined ? '' : `${location}: `}${reason}: ${subject}${message}`;
}

function at(location: string | undefined): string {
  return location === undefined ? '' : ` (${location})`;
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  return rows.length === 0 ? [] : renderColumns(rows).split('\n');
}

function joined(cells: readonly string[]): string {
  return cells.filter((cell) => cell !== '').join('  ');
}
