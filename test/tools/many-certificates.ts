import { type Certificate, emptyRouteTable, type Host, type RouteTable } from '../../src/routes/route-table.ts';
import { ecCertificate } from './table-certificate.ts';

/** As many at once: their keys are made beside each other. */
const batch = 64;

/** Fresh EC certificates, each with a key of its own, for `h0.example`, `h1.example` and so on; those names are their keys in a table. */
export async function manyCertificates(count: number): Promise<readonly Certificate[]> {
  const made: Certificate[] = [];
  while (made.length < count) {
    const names = Array.from({ length: Math.min(batch, count - made.length) }, (_, i) => `h${made.length + i}.example`);
    made.push(...(await Promise.all(names.map((name) => ecCertificate(name, name)))));
  }
  return made;
}

/** `table` with a host for each certificate, which shows it; without routes of its own unless `routes` has some. */
export function withHosts(
  certificates: readonly Certificate[],
  table: RouteTable = emptyRouteTable,
  routes: Host['routes'] = [],
): RouteTable {
  const hosts = certificates.map(({ key }): Host => ({ key, routes, tls: { kind: 'terminate', certificates: [key], policy: undefined } }));
  return {
    ...table,
    hosts: new Map([...table.hosts, ...hosts.map((host) => [host.key, host] as const)]),
    certificates: new Map([...table.certificates, ...certificates.map((certificate) => [certificate.key, certificate] as const)]),
  };
}
