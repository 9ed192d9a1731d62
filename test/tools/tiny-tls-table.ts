import { anyHost, defaultCertificateKey, type RouteTable } from '../../src/routes/route-table.ts';
import { ecCertificate } from './table-certificate.ts';
import { httpListener, type TinyTableOptions, tinyTable } from './tiny-table.ts';

export const httpsListener = httpListener({ key: 'https', protocol: 'https' });

/** The tiny table for HTTPS alone, with a certificate for shop.example.com that every host shows. */
export async function tinyTlsTable(options: Omit<TinyTableOptions, 'listeners'>): Promise<RouteTable> {
  const certificate = await ecCertificate(defaultCertificateKey, 'shop.example.com');
  const table = tinyTable({ ...options, listeners: [httpsListener] });
  const tls = { kind: 'terminate', certificates: [certificate.key] } as const;
  return {
    ...table,
    hosts: new Map([...table.hosts].map(([key, host]) => [key, key === anyHost ? { ...host, tls } : host])),
    certificates: new Map([[certificate.key, certificate]]),
  };
}

/** The table with what is in TLS going to the backends as it is. */
export function overTcp(table: RouteTable): RouteTable {
  const hosts = [...table.hosts].map(([key, { routes, tls }]) => {
    const [route] = routes;
    if (route?.action.kind !== 'forward' || tls?.kind !== 'terminate') throw new Error('The table has another route');
    const { source, policy, action } = route;
    const tcp = { key: 'Ingress shop/web * tcp', backends: action.backends, policy, source, reencrypts: false };
    return [key, { key, routes: [], tls: { ...tls, tcp } }] as const;
  });
  return { ...table, hosts: new Map(hosts) };
}
