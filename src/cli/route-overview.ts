import { tableText } from '../ask/table-text.ts';
import type { RedirectTarget, Route, WeightedBackend } from '../routes/route.ts';
import { type Host, type RouteTable, tcpOf } from '../routes/route-table.ts';
import type { EndpointSet } from '../routes/service.ts';

/** Most lines of the overview: a terminal is no place for ten thousand routes. */
const maxRows = 200;

/** Endpoints that the workers keep out of rotation now: service key and `address:port`. */
export interface OutOfRotation {
  readonly service: string;
  readonly endpoint: string;
}

/** Every route on one line: host, path, backend, and how many of the backend's endpoints can be used. Pure. */
export function renderRoutes(table: RouteTable, ejected: readonly OutOfRotation[]): string {
  const away = new Set(ejected.map(({ service, endpoint }) => `${service} ${endpoint}`));
  const health = (service: string) => healthOf(service, table.endpoints.get(service), away);
  const rows = [...table.hosts.values()].flatMap((host) => rowsOf(host, health));
  for (const { listener, protocol, clients, kernel, backends } of table.l4.values()) {
    const all = `(all of ${protocol.toUpperCase()}${fromOf(clients)}${kernel === undefined ? '' : ', by the kernel'})`;
    rows.push([`(${listener})`, all, '-', ...servicesOf(backends, health, 'ends')]);
  }
  if (rows.length === 0) return 'No routes.';
  const shown = tableText(['HOST', 'PATH', 'TLS', 'BACKEND', 'HEALTH'], rows.slice(0, maxRows));
  return rows.length > maxRows ? `${shown}\n... and ${rows.length - maxRows} more` : shown;
}

function rowsOf(host: Host, health: (service: string) => string): string[][] {
  const { tls } = host;
  const security = tls === undefined ? '-' : tls.kind === 'passthrough' ? 'passthrough' : 'yes';
  const tcp = tcpOf(tls);
  const rows = host.routes.map((route) => [host.key, pathOf(route), security, ...targetOf(route, health)]);
  if (tcp !== undefined) rows.unshift([host.key, '(all of TLS)', security, ...servicesOf(tcp.backends, health, 'ends')]);
  return rows;
}

function pathOf({ match: { path, clients } }: Route): string {
  return `${path.kind === 'prefix' ? path.value : `${path.value} (${path.kind})`}${fromOf(clients)}`;
}

/** ` from 10.0.0.0/8` */
function fromOf(clients: readonly string[] | undefined): string {
  return clients === undefined ? '' : ` from ${clients.join(',')}`;
}

function targetOf({ action }: Route, health: (service: string) => string): [string, string] {
  switch (action.kind) {
    case 'redirect':
      return [`redirect ${action.status} to ${placeOf(action.to)}`, '-'];
    case 'respond':
      return [`answers ${action.status}`, '-'];
    case 'block':
      return ['blocked', '-'];
    case 'fail':
      return [`answers ${action.status}`, action.reason];
    case 'forward':
      return servicesOf(action.backends, health, 'answers 503');
  }
}

/** @param otherwise what becomes of the share of a backend that can't be served */
function servicesOf(
  backends: readonly WeightedBackend[],
  health: (service: string) => string,
  otherwise: string,
): [services: string, health: string] {
  return [
    backends
      .map(({ service, listeners }) => `${service ?? 'missing'}${listeners === undefined ? '' : ` (${listeners.join()})`}`)
      .join(', '),
    backends.map(({ service }) => (service === undefined ? otherwise : health(service))).join(', '),
  ];
}

/** `https://b.example:8443/x`; `*` for what stays as it is. */
function placeOf({ scheme, host, port, path }: RedirectTarget): string {
  const rest = path === undefined ? '' : path.kind === 'full' ? path.value : `${path.value}/*`.replace('//', '/');
  return `${scheme ?? '*'}://${host ?? '*'}${port === undefined ? '' : `:${port}`}${rest}`;
}

function healthOf(service: string, set: EndpointSet | undefined, away: ReadonlySet<string>): string {
  const endpoints = set?.endpoints ?? [];
  const usable = endpoints.filter(({ state, address, port }) => {
    const key = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    return state === 'ready' && !away.has(`${service} ${key}`);
  });
  if (endpoints.length === 0) return 'no endpoints';
  return `${usable.length}/${endpoints.length} ready`;
}
