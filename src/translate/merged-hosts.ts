import type { Certificate } from '../routes/route-table.ts';
import type { HostClaim } from './host-claim.ts';
import { type MergeContext, mergeHost } from './merge-host.ts';
import type { MergedHost } from './merged-host.ts';
import { NamespaceCertificates } from './namespace-certificates.ts';
import type { ResolvedObject } from './resolved-object.ts';
import { sameItems } from './same-items.ts';

interface Entry {
  readonly claims: readonly HostClaim[];
  /** Whether some claim may use other certificates of its namespace. */
  readonly wantsByName: boolean;
  readonly byName: readonly Certificate[];
  readonly merged: MergedHost | undefined;
}

const noCertificates: readonly Certificate[] = Object.freeze([]);
const noClaims: readonly HostClaim[] = Object.freeze([]);

/** Merges the claims of all objects host by host, each host again only when one of its claims changed. */
export class MergedHosts {
  #context: MergeContext;
  #objects: readonly ResolvedObject[] | undefined;
  readonly #entries = new Map<string, Entry>();
  #result: readonly MergedHost[] = [];

  constructor(policies: MergeContext['policies']) {
    this.#context = { policies, hasHttps: false };
  }

  /** In the order in which the oldest objects name the hosts; the same reference when nothing changed. */
  merge(objects: readonly ResolvedObject[], hasHttps: boolean): readonly MergedHost[] {
    if (hasHttps !== this.#context.hasHttps) {
      // Where redirects lead is in every policy.
      this.#context = { ...this.#context, hasHttps };
      this.#entries.clear();
    } else if (objects === this.#objects) return this.#result;
    const certificates = new NamespaceCertificates(objects);
    const byHost = claimsByHost(objects);
    const result: MergedHost[] = [];
    for (const [host, claims] of byHost) {
      const { merged } = this.#entry(host, claims, certificates);
      if (merged !== undefined) result.push(merged);
    }
    if (this.#entries.size > byHost.size) for (const host of this.#entries.keys()) if (!byHost.has(host)) this.#entries.delete(host);
    this.#objects = objects;
    if (!sameItems(this.#result, result)) this.#result = result;
    return this.#result;
  }

  #entry(host: string, claim: HostClaim | readonly HostClaim[], certificates: NamespaceCertificates): Entry {
    const before = this.#entries.get(host);
    const sameClaims = before !== undefined && (isList(claim) ? sameItems(before.claims, claim) : isOnly(before.claims, claim));
    const claims = sameClaims ? before.claims : isList(claim) ? claim : [claim];
    const wanting = before === undefined || !sameClaims || before.wantsByName ? claims.filter(wantsByName) : noClaims;
    const byName = wanting.length > 0 ? certificates.covering(host, wanting) : noCertificates;
    if (sameClaims && sameItems(before.byName, byName)) return before;
    const entry = { claims, wantsByName: wanting.length > 0, byName, merged: mergeHost(host, claims, byName, this.#context) };
    this.#entries.set(host, entry);
    return entry;
  }
}

/** Most hosts have one claim, which is not worth a list each time. */
function claimsByHost(objects: readonly ResolvedObject[]): Map<string, HostClaim | HostClaim[]> {
  const byHost = new Map<string, HostClaim | HostClaim[]>();
  for (const object of objects) {
    for (const claim of object.claims) {
      const others = byHost.get(claim.host);
      if (others === undefined) byHost.set(claim.host, claim);
      else if (Array.isArray(others)) others.push(claim);
      else byHost.set(claim.host, [others, claim]);
    }
  }
  return byHost;
}

function isList(claim: HostClaim | readonly HostClaim[]): claim is readonly HostClaim[] {
  return Array.isArray(claim);
}

function isOnly(claims: readonly HostClaim[], claim: HostClaim): boolean {
  return claims.length === 1 && claims[0] === claim;
}

function wantsByName(claim: HostClaim): boolean {
  return claim.tls?.kind === 'terminate' && claim.tls.byName;
}
