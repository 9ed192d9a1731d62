import type { BackendStep, CandidateStep, EndpointStep, Explanation, FilterStep, ProblemStep, TlsStep } from './explanation.ts';

/** What the parts of an explanation are called, in a terminal and in the web UI. */
export const explanationTitles = {
  tls: 'TLS',
  edge: 'Before routes',
  winner: 'Winner',
  filters: 'Filters, in order',
  effects: 'On the way',
  backends: 'Backends',
  problems: 'Problems of these objects',
  notes: 'Notes',
} as const;

/** What was asked, and where it arrives. */
export function questionLine({ asked, listener, request }: Explanation): string {
  const where = listener === undefined ? '' : ` on listener ${listener.key} (${listener.protocol}, port ${listener.publishedPort})`;
  const isRequest = /^(?:http|ws)s?:/i.test(asked.url);
  return `${isRequest ? `${asked.method} ` : ''}${asked.url}${where}${readAs(asked.url, request)}`;
}

/** What of a URL the proxy reads otherwise than it is written. */
function readAs(url: string, request: Explanation['request']): string {
  if (request === undefined) return '';
  const path = /^[a-z]+:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] ?? '';
  return (path || '/') === request.path && url.includes(request.host) ? '' : `, read as ${request.host}${request.path}`;
}

/** The title above the candidates. */
export function candidatesTitle({ candidates }: Explanation): string {
  return candidates.length === 1 ? 'The only candidate' : 'Candidates, in order';
}

/** The first `most` candidates, and the one that wins wherever it is; `left`: how many there are beside. */
export function shownCandidates(
  { candidates, omittedCandidates }: Explanation,
  most: number,
): { readonly shown: readonly CandidateStep[]; readonly left: number } {
  const shown = candidates.filter(({ outcome }, index) => index < most || outcome === 'wins');
  return { shown, left: candidates.length - shown.length + omittedCandidates };
}

/** Why a candidate loses; '' for the winner. */
export function lossText({ why }: CandidateStep): string {
  return why.map(({ by, says }) => `${by}: ${says}`).join('; ');
}

/** What becomes of the handshake, a line each. */
export function tlsLines(tls: TlsStep): readonly string[] {
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

/** Filters before routes that did something. */
export function tellingEdge({ edge }: Explanation): readonly FilterStep[] {
  return edge.filter(({ verdict }) => verdict !== 'passes');
}

/** What a filter decides. */
export function verdictText({ verdict }: FilterStep): string {
  return verdict === 'not-reached' ? 'not reached' : verdict;
}

/** A backend without its endpoints. */
export function backendText({ service, share, protocol, loadBalancing, host }: BackendStep): string {
  if (service === undefined) return `${share} %  a Service that can not be served`;
  return `${share} %  ${service} (${protocol}, ${loadBalancing}${host === undefined ? '' : `, Host ${host}`})`;
}

/** `ready`, and why an endpoint gets nothing new all the same. */
export function endpointStateText({ state, out }: EndpointStep): string {
  return out === undefined ? state : `${state}, ${out}`;
}

/** What is wrong with an object, in one line with its place. */
export function problemText({ object, location, reason, field, message }: ProblemStep): string {
  const subject = message.startsWith(object) ? '' : `${object}${field === '' ? '' : ` ${field}`}: `;
  return `${location === undefined ? '' : `${location}: `}${reason}: ${subject}${message}`;
}
