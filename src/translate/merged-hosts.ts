import type { Certificate } from '../routes/route-table.ts';
import { type MergeContext, mergeHost } from './merge-host.ts';
import type { MergedHost } from './merged-host.ts';
import { NamespaceCertificates } from './namespace-certificates.ts';
import type { HostClaim, ResolvedIngress } from './resolved-ingress.ts';

interface Entry {
  readonly claims: readonly HostClaim[];
  readonly byName: readonly Certificate[];
  readonly merged: MergedHost | undefined;
}

const noCertificates: readonly Certificate[] = Object.freeze([]);

/** Merges the claims of all Ingresses host by host, each host again only when one of its claims changed. */
export class MergedHosts {
  readonly #context: MergeContext;
  #ingresses: readonly ResolvedIngress[] | undefined;
  #entries = new Map<string, Entry>();
  #result: ReadonlyMap<string, MergedHost> = new Map();

  constructor(context: MergeContext) {
    this.#context = context;
  }

  /** By host key, in the order in which the oldest Ingresses name them; the same reference when nothing changed. */
  merge(ingresses: readonly ResolvedIngress[]): ReadonlyMap<string, MergedHost> {
    if (ingresses === this.#ingresses) return this.#result;
    const certificates = new NamespaceCertificates(ingresses);
    const entries = new Map<string, Entry>();
    const result = new Map<string, MergedHost>();
    for (const [host, claims] of claimsByHost(ingresses)) {
      const byName = claims.some(wantsByName) ? certificates.covering(host, claims.filter(wantsByName)) : noCertificates;
      const before = this.#entries.get(host);
      const same = before !== undefined && sameItems(before.claims, claims) && sameItems(before.byName, byName);
      const entry = same ? before : { claims, byName, merged: mergeHost(host, claims, byName, this.#context) };
      entries.set(host, entry);
      if (entry.merged !== undefined) result.set(host, entry.merged);
    }
    this.#ingresses = ingresses;
    this.#entries = entries;
    this.#result = result;
    return result;
  }
}

function claimsByHost(ingresses: readonly ResolvedIngress[]): Map<string, HostClaim[]> {
  const byHost = new Map<string, HostClaim[]>();
  for (const ingress of ingresses) {
    for (const claim of ingress.claims) {
      const claims = byHost.get(claim.host);
      if (claims === undefined) byHost.set(claim.host, [claim]);
      else claims.push(claim);
    }
  }
  return byHost;
}

function wantsByName(claim: HostClaim): boolean {
  return claim.tls?.kind === 'terminate' && claim.tls.byName;
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
