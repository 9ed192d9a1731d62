import { isAcmeTlsKey } from '../routes/acme-tls.ts';
import type { Certificate } from '../routes/route-table.ts';

/** As many certificates as a scrape shows: those that expire later are nobody's worry yet, and users make as many as they like. */
export const certificatesShown = 100;

type Expiry = Pick<Certificate, 'key' | 'notAfterMs'>;

/** The certificates of a table that expire soonest, found once for each table and not for each scrape. */
export class SoonestCertificates {
  #of: ReadonlyMap<string, Expiry> | undefined;
  #soonest: readonly Expiry[] = [];

  /** @param certificates of an immutable table */
  in(certificates: ReadonlyMap<string, Expiry>): readonly Expiry[] {
    if (certificates === this.#of) return this.#soonest;
    this.#of = certificates;
    const served = [...certificates.values()].filter(({ key }) => !isAcmeTlsKey(key));
    const byExpiry = served.sort((a, b) => a.notAfterMs - b.notAfterMs || (a.key < b.key ? -1 : 1));
    this.#soonest = byExpiry.slice(0, certificatesShown).map(({ key, notAfterMs }) => ({ key, notAfterMs }));
    return this.#soonest;
  }
}
