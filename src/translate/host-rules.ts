import type { SmartProxyConfigSpec } from '../api/generated/smart-proxy-config.ts';
import { hostPattern } from '../routes/host-name.ts';
import { anyHost } from '../routes/route-table.ts';

/** Whose a host is. */
export type HostVerdict =
  | { readonly kind: 'unclaimed' }
  | { readonly kind: 'permitted' }
  /** `claim`: the host key that was claimed for `namespaces`, which this one is not among. */
  | { readonly kind: 'refused'; readonly claim: string; readonly namespaces: readonly string[] };

const unclaimed: HostVerdict = { kind: 'unclaimed' };
const permitted: HostVerdict = { kind: 'permitted' };

/**
 * Which namespaces may serve which hosts. The most specific claim that covers a host decides. A wildcard that nobody claimed is still
 * refused where it would take in hosts that are claimed for others. Routes for every name are nobody's claim.
 */
export class HostRules {
  /** Whether a host that nobody claimed is that of the namespace which named it first. */
  readonly isOldestsAlone: boolean;
  readonly #claims = new Map<string, Set<string>>();
  /** Claimed host keys by every suffix of their names. */
  readonly #below = new Map<string, string[]>();

  constructor({ hostClaims = [], unclaimedHosts }: Pick<SmartProxyConfigSpec, 'hostClaims' | 'unclaimedHosts'>) {
    this.isOldestsAlone = unclaimedHosts === 'Oldest';
    for (const { hosts, namespaces } of hostClaims) for (const host of hosts) this.#claim(host, namespaces);
  }

  judge(host: string, namespace: string): HostVerdict {
    if (host === anyHost) return permitted;
    const covering = this.#coveringClaim(host);
    if (covering !== undefined) return this.#verdict(covering, namespace);
    const pattern = hostPattern(host);
    if (!('suffix' in pattern)) return unclaimed;
    for (const claim of this.#below.get(pattern.suffix) ?? []) {
      const verdict = this.#verdict(claim, namespace);
      if (verdict.kind === 'refused') return verdict;
    }
    return unclaimed;
  }

  #claim(host: string, namespaces: readonly string[]): void {
    const known = this.#claims.get(host);
    for (const namespace of namespaces) known?.add(namespace);
    if (known !== undefined) return;
    this.#claims.set(host, new Set(namespaces));
    for (const suffix of suffixesOf(nameOf(host))) {
      const below = this.#below.get(suffix);
      if (below === undefined) this.#below.set(suffix, [host]);
      else below.push(host);
    }
  }

  /** The most specific claim that covers all names of a host key. */
  #coveringClaim(host: string): string | undefined {
    if (this.#claims.has(host)) return host;
    const pattern = hostPattern(host);
    const [own = '', ...parents] = suffixesOf(nameOf(host));
    const [parent] = parents;
    if (pattern.kind === 'exact' && parent !== undefined && this.#claims.has(`*.${parent}`)) return `*.${parent}`;
    // One label is some of many.
    const above = pattern.kind === 'one-label' ? [own, ...parents] : parents;
    const suffix = above.find((name) => this.#claims.has(`**.${name}`));
    return suffix === undefined ? undefined : `**.${suffix}`;
  }

  #verdict(claim: string, namespace: string): HostVerdict {
    const namespaces = this.#claims.get(claim);
    return namespaces?.has(namespace) === true ? permitted : { kind: 'refused', claim, namespaces: [...(namespaces ?? [])].sort() };
  }
}

/** The name of a host key without its wildcard. */
function nameOf(host: string): string {
  const pattern = hostPattern(host);
  if (pattern.kind === 'any') return '';
  return pattern.kind === 'exact' ? pattern.name : pattern.suffix;
}

/** `a.b.c`: itself, `b.c`, `c`. */
function suffixesOf(name: string): readonly string[] {
  const labels = name.split('.');
  return labels.map((_, index) => labels.slice(index).join('.'));
}
