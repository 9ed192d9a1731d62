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
