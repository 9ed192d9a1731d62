import type { SmartRouteTcp, SmartRouteTls } from '../api/generated/smart-route.ts';
import type { TerminatedTcpClaim, TlsClaim, TlsPolicyClaim } from './host-claim.ts';
import type { ResolvedObject } from './resolved-object.ts';
import type { RouteSettings } from './route-settings.ts';
import { type ConnectionBackends, passthroughClaim, tcpClaim } from './smart-route-connections.ts';
import type { NamedListener } from './smart-route-listeners.ts';
import type { SmartRouteLookup } from './smart-route-lookup.ts';
import type { SmartRouteReading } from './smart-route-reading.ts';
import { TlsCertificates, type TlsEntry } from './tls-certificates.ts';
import { readTlsPolicy, type TlsPolicyWish } from './tls-policy-reader.ts';

/** What the object wants of TLS, host by host. */
export interface RouteTls extends Pick<TlsCertificates, 'usable'> {
  claim(host: string): TlsClaim | undefined;
  /** In place of those of the object. */
  readonly settings?: RouteSettings;
}

/** Resolves what a SmartRoute says of TLS. */
export class SmartRouteTlsClaims {
  readonly #lookup: SmartRouteLookup;

  constructor(lookup: SmartRouteLookup) {
    this.#lookup = lookup;
  }

  /** Of HTTP: TLS ends here. */
  ofRequests(tls: SmartRouteTls): RouteTls {
    return this.#terminated(tls, undefined);
  }

  /** Of connections by host. @param backends undefined: none may be used */
  ofConnections(
    tls: SmartRouteTls,
    tcp: SmartRouteTcp,
    listeners: readonly NamedListener[] | undefined,
    backends: ConnectionBackends | undefined,
  ): RouteTls {
    const claim = tcpClaim(tcp, listeners, () => this.#lookup.listenersOf(listeners, ['https']), backends);
    if (tls.mode === 'Passthrough') {
      const passed = passthroughClaim(claim);
      return { usable: [], claim: () => passed };
    }
    const reencrypts = tls.mode === 'TerminateAndReencrypt';
    const terminated = this.#terminated(tls, { ...claim, reencrypts });
    // What can not be used, such as an address that is none, is nothing for the table.
    return backends === undefined ? { ...terminated, settings: {} } : terminated;
  }

  /** Versions, protocols and certificates of clients; undefined: the installation's. */
  policy({ minVersion, alpn, clientAuth }: SmartRouteTls): TlsPolicyClaim | undefined {
    const wish: TlsPolicyWish = {
      ref: this.#lookup.reading.ref,
      minVersion,
      alpn,
      clientAuth: clientAuth && {
        isRequired: clientAuth.mode === 'Required',
        caSecret: clientAuth.caRef.name,
        forwardCertificate: clientAuth.forwardCertificate ?? false,
        field: 'spec.tls.clientAuth.caRef',
      },
      field: 'spec.tls',
    };
    return readTlsPolicy(wish, this.#lookup.certificateContext);
  }

  #terminated(tls: SmartRouteTls, tcp: TerminatedTcpClaim | undefined): RouteTls {
    const { secretRef, alternativeSecretRef } = tls.certificate ?? {};
    const first = this.#tlsEntry(secretRef, 'spec.tls.certificate.secretRef');
    const entries = [first];
    if (alternativeSecretRef !== undefined) entries.push(this.#tlsEntry(alternativeSecretRef, 'spec.tls.certificate.alternativeSecretRef'));
    const isPermitted = secretRef === undefined || first.secret !== undefined;
    const certificates = new TlsCertificates({ ref: this.#lookup.reading.ref, tls: entries }, this.#lookup.certificateContext);
    return {
      usable: certificates.usable,
      claim: (host) => {
        const claim = certificates.claim(host);
        if (claim?.kind !== 'terminate') return claim;
        // A Secret that is named and may not be used is no reason to look for another.
        return { ...claim, byName: claim.byName && isPermitted, ...(tcp && { tcp }) };
      },
    };
  }

  /** Without a Secret where none is named, or the one that is may not be used. */
  #tlsEntry(secretRef: { readonly name: string; readonly namespace?: string } | undefined, secretField: string): TlsEntry {
    const namespace = secretRef === undefined ? '' : this.#lookup.namespaceOf(secretRef);
    const isUsable =
      secretRef !== undefined && this.#lookup.isPermitted('Secret', namespace, secretRef.name, `${secretField}.namespace`, undefined);
    const secret = isUsable ? `${namespace}/${secretRef.name}` : undefined;
    return { field: 'spec.tls', hostsField: 'spec.hosts', secretField, hosts: this.#lookup.reading.hosts, secret };
  }
}

/** The certificate that `tls.certificate.acme` asks for, or that is left to the installation. */
export function acmeAsks({ spec, hosts, ref, isBeingDeleted }: SmartRouteReading): Pick<ResolvedObject, 'acme'> {
  const { secretRef, acme } = spec?.tls?.certificate ?? {};
  const isElsewhere = secretRef?.namespace !== undefined && secretRef.namespace !== ref.namespace;
  if (isBeingDeleted || secretRef === undefined || (acme === undefined && isElsewhere)) return {};
  const field = 'spec.tls.certificate';
  const secret = `${ref.namespace}/${secretRef.name}`;
  const issuerField = acme === undefined ? field : `${field}.acme.issuer`;
  return { acme: [{ issuer: acme?.issuer, issuerField, secret, secretField: `${field}.secretRef`, hosts }] };
}
