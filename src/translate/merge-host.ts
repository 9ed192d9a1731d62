import { compareRoutes } from '../routes/compare-routes.ts';
import { anyHost, type Certificate, type HostTls, type Policy, type Route } from '../routes/route-table.ts';
import type { MergedHost, ServiceUse } from './merged-host.ts';
import type { Policies, TranslateDefaults } from './policies.ts';
import { describe, messageFor, quote } from './problem-list.ts';
import { matchKey } from './resolve-ingress.ts';
import type { HostClaim, RouteClaim, TlsClaim } from './resolved-ingress.ts';
import type { ObjectRef, Problem, ProblemReason } from './translation.ts';

/** What merging needs besides the claims. */
export interface MergeContext {
  readonly policies: Policies;
  readonly options: TranslateDefaults;
  /** Whether any listener serves HTTPS: without one a redirect would lead nowhere. */
  readonly hasHttps: boolean;
}

/**
 * Makes one host out of what Ingresses claim of it. `claims` come oldest Ingress first and the first claim of anything wins; the others
 * get a problem that names the winner. undefined: nobody serves the host.
 *
 * @param byName the certificates that `claims` without a Secret of their own may use
 */
export function mergeHost(
  key: string,
  claims: readonly HostClaim[],
  byName: readonly Certificate[],
  context: MergeContext,
): MergedHost | undefined {
  const merge = new HostMerge(key, claims, byName, context);
  return merge.owner === undefined ? undefined : merge.result(merge.owner);
}

class HostMerge {
  /** The oldest claim that serves something: it says whether TLS ends here or passes through. */
  readonly owner: HostClaim | undefined;
  readonly #key: string;
  readonly #claims: readonly HostClaim[];
  readonly #byName: readonly Certificate[];
  readonly #context: MergeContext;
  readonly #problems: Problem[] = [];
  readonly #routes = new Map<string, { readonly claim: HostClaim; readonly route: RouteClaim; readonly isFallback: boolean }>();

  constructor(key: string, claims: readonly HostClaim[], byName: readonly Certificate[], context: MergeContext) {
    this.#key = key;
    this.#claims = claims;
    this.#byName = byName;
    this.#context = context;
    this.owner = claims.find(isServing) ?? claims.find((claim) => claim.ingress.rules.some((rule) => rule.host === key));
  }

  result(owner: HostClaim): MergedHost {
    const passthrough = owner.tls?.kind === 'passthrough' ? owner.tls : undefined;
    const accepted = passthrough === undefined ? this.#terminating(owner) : this.#besidePassthrough(owner, passthrough);
    const certificates = passthrough === undefined ? this.#certificates(accepted) : [];
    const terminates = passthrough === undefined && accepted.some((claim) => claim.tls?.kind === 'terminate');
    this.#addRoutes(accepted);

    const policies = new Map<string, Policy>();
    const policyOf = (claim: HostClaim): string => {
      const hasTls = terminates || (passthrough !== undefined && claim.tls?.kind === 'passthrough');
      const policy = this.#policy(claim, hasTls);
      policies.set(policy.key, policy);
      return policy.key;
    };
    const routes = [...this.#routes.values()].map(({ claim, route }) => this.#route(claim, route, policyOf(claim))).sort(compareRoutes);
    const uses = this.#uses();
    let tls: HostTls | undefined;
    if (terminates) tls = { kind: 'terminate', certificates: certificates.map((certificate) => certificate.key) };
    if (passthrough !== undefined) {
      const { namespace, name } = owner.ingress.ref;
      const source = { kind: 'Ingress', namespace, name };
      tls = { kind: 'passthrough', service: passthrough.binding.service.key, policy: policyOf(owner), source };
      uses.push({ binding: passthrough.binding, ingress: owner.ingress, field: passthrough.field });
    }
    const served = new Set([...this.#routes.values()].map(({ claim }) => claim.ingress));
    return {
      host: { key: this.#key, routes, tls },
      policies: [...policies.values()],
      certificates,
      uses,
      served: [...served],
      problems: this.#problems,
    };
  }

  /** TLS ends here: Ingresses that want passthrough for the host lose it, and their routes, which lead to TLS backends, with it. */
  #terminating(owner: HostClaim): readonly HostClaim[] {
    return this.#claims.filter((claim) => {
      if (claim.tls?.kind !== 'passthrough') return claim === owner || isServing(claim) || sameNamespace(claim, owner);
      this.#lost(
        claim,
        'PassthroughConflict',
        claim.tls.field,
        owner,
        'serves without passthrough; use another host, or passthrough in both',
      );
      return false;
    });
  }

  /** TLS passes through: other Ingresses keep their routes for plain HTTP, and those that want TLS are told that they don't get it. */
  #besidePassthrough(owner: HostClaim, winner: TlsClaim & { readonly kind: 'passthrough' }): readonly HostClaim[] {
    for (const claim of this.#claims) {
      const same = claim.tls?.kind === 'passthrough' && claim.tls.binding.service.key === winner.binding.service.key;
      if (claim === owner || claim.tls === undefined || same) continue;
      this.#lost(claim, 'PassthroughConflict', claim.tls.field, owner, 'passes TLS through to its own backend; use another host');
    }
    return this.#claims.filter((claim) => claim === owner || claim.tls?.kind !== 'passthrough');
  }

  /** One certificate of each key type, the oldest Ingress's; ECDSA first, for it is cheaper for both sides. */
  #certificates(claims: readonly HostClaim[]): readonly Certificate[] {
    const chosen = new Map<Certificate['keyType'], { readonly certificate: Certificate; readonly claim: HostClaim }>();
    for (const claim of claims) {
      if (claim.tls?.kind !== 'terminate') continue;
      const { byName, field } = claim.tls;
      for (const certificate of byName ? this.#byName : claim.tls.certificates) {
        const winner = chosen.get(certificate.keyType);
        if (winner === undefined) chosen.set(certificate.keyType, { certificate, claim });
        else if (!byName && winner.certificate.fingerprint !== certificate.fingerprint) {
          this.#lost(
            claim,
            'CertificateConflict',
            field,
            winner.claim,
            `brings Secret ${winner.certificate.key} of the same key type, which is used; name one Secret in both`,
          );
        }
      }
    }
    return keyTypeOrder.flatMap((keyType) => chosen.get(keyType)?.certificate ?? []);
  }

  #addRoutes(claims: readonly HostClaim[]): void {
    for (const claim of claims) {
      for (const route of claim.routes) {
        const key = matchKey(route.match);
        const winner = this.#routes.get(key);
        if (winner === undefined) this.#routes.set(key, { claim, route, isFallback: false });
        else {
          const shown = `${route.match.kind === 'exact' ? 'Exact' : 'Prefix'} ${quote(route.match.value)}`;
          this.#lost(
            claim,
            'PathConflict',
            route.field,
            winner.claim,
            `has ${shown} of the same host, which is used; change the path or the host`,
          );
        }
      }
    }
    for (const claim of claims) if (claim.fallback !== undefined) this.#addFallback(claim, claim.fallback);
  }

  /** A default backend gives way to every rule in silence; only another default backend is a conflict, and for any host only when it is all there is. */
  #addFallback(claim: HostClaim, fallback: RouteClaim): void {
    const key = matchKey(fallback.match);
    const winner = this.#routes.get(key);
    if (winner === undefined) this.#routes.set(key, { claim, route: fallback, isFallback: true });
    else if (winner.isFallback && (this.#key !== anyHost || claim.ingress.rules.length === 0)) {
      this.#lost(claim, 'PathConflict', fallback.field, winner.claim, 'has a default backend for the same host, which is used; keep one');
    }
  }

  #policy(claim: HostClaim, hasTls: boolean): Policy {
    const { annotations } = claim.ingress;
    const redirect = hasTls && this.#context.hasHttps && (annotations.sslRedirect ?? this.#context.options.httpsRedirect);
    return this.#context.policies.policy(annotations, redirect);
  }

  #route(claim: HostClaim, route: RouteClaim, policy: string): Route {
    const { ref, createdAtMs } = claim.ingress;
    return {
      key: `Ingress ${ref.namespace}/${ref.name} ${this.#key} ${matchKey(route.match)}`,
      source: { kind: 'Ingress', namespace: ref.namespace, name: ref.name },
      createdAtMs,
      priority: 0,
      match: { path: route.match, methods: [], headers: [], query: [] },
      policy,
      action: route.action,
    };
  }

  #uses(): ServiceUse[] {
    return [...this.#routes.values()].flatMap(({ claim, route }) =>
      route.binding === undefined ? [] : [{ binding: route.binding, ingress: claim.ingress, field: route.field }],
    );
  }

  /** @param how what the winner does, and what to do about it: the end of "... Ingress x ..." */
  #lost(claim: HostClaim, reason: ProblemReason, field: string, winner: HostClaim, how: string): void {
    const object: ObjectRef = claim.ingress.ref;
    const why = winner.ingress.createdAtMs === claim.ingress.createdAtMs ? 'first by name' : 'older';
    const message = messageFor(object, field, `host ${quote(this.#key)}: ${describe(winner.ingress.ref)} (${why}) ${how}`);
    this.#problems.push({ object, reason, field, message });
  }
}

const keyTypeOrder = ['ec', 'rsa', 'ed25519'] as const;

function isServing(claim: HostClaim): boolean {
  return claim.routes.length > 0 || claim.fallback !== undefined;
}

/** TLS for a host that an Ingress doesn't serve itself is heard within one namespace only: hosts of others are not theirs to secure. */
function sameNamespace(a: HostClaim, b: HostClaim): boolean {
  return a.ingress.ref.namespace === b.ingress.ref.namespace;
}
