import { createSecureContext, type SecureContext } from 'node:tls';
import { acmeTlsKey, acmeTlsProtocol, asksForAcmeTls } from '../../routes/acme-tls.ts';
import type { Certificate, RouteTable } from '../../routes/route-table.ts';
import type { SniffedTls } from '../accepted-connection.ts';
import type { SelectedContext } from './certificate-contexts.ts';
import { commonTlsSettings } from './tls-settings.ts';

/**
 * What a CA is shown that looks at a challenge over TLS (RFC 8737): chosen before anything that holds for hosts. A context lasts as long as
 * the answer that it is made of.
 */
export class AcmeTlsContexts {
  readonly #contexts = new WeakMap<Certificate, SecureContext>();

  /** undefined: it is no such hello, or there is no answer for its name. Never throws. */
  select(table: RouteTable, tls: SniffedTls | undefined): SelectedContext | undefined {
    if (tls?.serverName === undefined || !asksForAcmeTls(tls.alpn)) return undefined;
    const certificate = table.certificates.get(acmeTlsKey(tls.serverName));
    const context = certificate && (this.#contexts.get(certificate) ?? this.#make(certificate));
    return certificate && context && { context, certificates: [certificate], policy: undefined, onlyProtocol: acmeTlsProtocol };
  }

  #make(certificate: Certificate): SecureContext | undefined {
    try {
      const { chain, privateKey } = certificate;
      // Nothing is served on these connections, so that nothing of them is to be resumed.
      const settings = { ...commonTlsSettings('TLSv1.2'), sessionIdContext: acmeTlsProtocol };
      const context = createSecureContext({ ...settings, cert: chain, key: privateKey.reveal() });
      this.#contexts.set(certificate, context);
      return context;
    } catch {
      return undefined;
    }
  }
}
