import type { EndpointSet, Host, RedirectTarget, Route, RouteTable } from '../routes/route-table.ts';
import { renderColumns } from './render-columns.ts';

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
  if (rows.length === 0) return 'No routes.';
  const shown = renderColumns([['HOST', 'PATH', 'TLS', 'BACKEND', 'HEALTH'], ...rows.slice(0, maxRows)]);
  return rows.length > maxRows ? `${shown}\n... and ${rows.length - maxRows} more` : shown;
}

function rowsOf(host: Host, health: (service: string) => string): string[][] {
  const { tls } = host;
  const security = tls === undefined ? '-' : tls.kind === 'passthrough' ? 'passthrough' : 'yes';
  const rows = host.routes.map((route) => [host.key, pathOf(route), security, ...targetOf(route, health)]);
  if (tls?.kind === 'passthrough') rows.unshift([host.key, '(all of TLS)', security, tls.service, health(tls.service)]);
  return rows;
}

function pathOf({ match: { path } }: Route): string {
  return path.kind === 'prefix' ? path.value : `${path.value} (${path.kind})`;
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
    case 'forward': {
      const services = action.backends.map(({ service }) => service);
      return [
        services.map((service) => service ?? 'missing').join(', '),
        services.map((service) => (service === undefined ? 'answers 503' : health(service))).join(', '),
      ];
    }
  }
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
