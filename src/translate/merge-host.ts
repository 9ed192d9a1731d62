import { compareRoutes } from '../routes/compare-routes.ts';
import { anyHost, type Certificate, type HostTls, type Policy, type Route } from '../routes/route-table.ts';
import { type HostClaim, matchKey, type RouteClaim, type TlsClaim } from './host-claim.ts';
import type { MergedHost, ServiceUse } from './merged-host.ts';
import type { Policies } from './policies.ts';
import { describe, messageFor, quote } from './problem-list.ts';
import type { RouteSettings } from './route-settings.ts';
import type { ObjectRef, Problem, ProblemReason } from './translation.ts';

/** What merging needs besides the claims. */
export interface MergeContext {
  readonly policies: Policies;
  /** Whether any listener serves HTTPS: without one a redirect would lead nowhere. */
  readonly hasHttps: boolean;
}

/**
 * Makes one host out of what objects claim of it. `claims` come oldest object first and the first claim of anything wins; the others
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
    this.owner = claims.find(isServing) ?? claims.find((claim) => claim.named);
  }

  result(owner: HostClaim): MergedHost {
    const passthrough = owner.tls?.kind === 'passthrough' ? owner.tls : undefined;
    const accepted = passthrough === undefined ? this.#terminating(owner) : this.#besidePassthrough(owner, passthrough);
    const certificates = passthrough === undefined ? this.#certificates(accepted) : [];
    const terminates = passthrough === undefined && accepted.some((claim) => claim.tls?.kind === 'terminate');
    this.#addRoutes(accepted);

    const policies = new Map<string, Policy>();
    const policyOf = (claim: HostClaim, settings: RouteSettings): string => {
      const hasTls = terminates || (passthrough !== undefined && claim.tls?.kind === 'passthrough');
      const policy = this.#context.policies.policy(settings, hasTls && this.#context.hasHttps);
      policies.set(policy.key, policy);
      return policy.key;
    };
    const routes = [...this.#routes.values()]
      .map(({ claim, route }) => this.#route(claim, route, policyOf(claim, route.settings)))
      .sort(compareRoutes);
    const uses = this.#uses();
    let tls: HostTls | undefined;
    if (terminates) tls = { kind: 'terminate', certificates: certificates.map((certificate) => certificate.key) };
    if (passthrough !== undefined) {
      const { kind, namespace, name } = owner.from.ref;
      const source = { kind, namespace, name };
      tls = { kind: 'passthrough', service: passthrough.binding.service.key, policy: policyOf(owner, owner.settings), source };
      uses.push({ binding: passthrough.binding, from: owner.from, field: passthrough.field });
    }
    const served = new Set([...this.#routes.values()].map(({ claim }) => claim.from));
    if (passthrough !== undefined) served.add(owner.from);
    return {
      host: { key: this.#key, routes, tls },
      policies: [...policies.values()],
      certificates,
      uses,
      served: [...served],
      problems: this.#problems,
    };
  }

  /** TLS ends here: objects that want passthrough for the host lose it, and their routes, which lead to TLS backends, with it. */
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

  /** TLS passes through: other objects keep their routes for plain HTTP, and those that want TLS are told that they don't get it. */
  #besidePassthrough(owner: HostClaim, winner: TlsClaim & { readonly kind: 'passthrough' }): readonly HostClaim[] {
    for (const claim of this.#claims) {
      const same = claim.tls?.kind === 'passthrough' && claim.tls.binding.service.key === winner.binding.service.key;
      if (claim === owner || claim.tls === undefined || same) continue;
      this.#lost(claim, 'PassthroughConflict', claim.tls.field, owner, 'passes TLS through to its own backend; use another host');
    }
    return this.#claims.filter((claim) => claim === owner || claim.tls?.kind !== 'passthrough');
  }

  /** One certificate of each key type, the oldest object's; ECDSA first, for it is cheaper for both sides. */
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
        const key = matchKey(route.match, route.priority);
        const winner = this.#routes.get(key);
        if (winner === undefined) this.#routes.set(key, { claim, route, isFallback: false });
        else {
          const shown = shownMatch(route);
          this.#lost(
            claim,
            'PathConflict',
            route.field,
            winner.claim,
            `has ${shown} of the same host, which is used; change the path or the host`,
            route.rule,
          );
        }
      }
    }
    for (const claim of claims) if (claim.fallback !== undefined) this.#addFallback(claim, claim.fallback);
  }

  /** A default backend gives way to every rule in silence; only another default backend is a conflict, and for any host only when it is all there is. */
  #addFallback(claim: HostClaim, fallback: RouteClaim): void {
    const key = matchKey(fallback.match, fallback.priority);
    const winner = this.#routes.get(key);
    if (winner === undefined) this.#routes.set(key, { claim, route: fallback, isFallback: true });
    else if (winner.isFallback && (this.#key !== anyHost || claim.onlyFallback)) {
      this.#lost(claim, 'PathConflict', fallback.field, winner.claim, 'has a default backend for the same host, which is used; keep one');
    }
  }

  #route(claim: HostClaim, route: RouteClaim, policy: string): Route {
    const { ref, createdAtMs } = claim.from;
    const { kind, namespace, name } = ref;
    const { match, priority, order, action } = route;
    const key = `${kind} ${namespace}/${name} ${this.#key} ${route.id}`;
    const source = { kind, namespace, name };
    return { key, source, createdAtMs, ...(order === undefined ? {} : { order }), priority, match, policy, action };
  }

  #uses(): ServiceUse[] {
    return [...this.#routes.values()].flatMap(({ claim, route }) =>
      route.bindings.map((binding) => ({ binding, from: claim.from, field: route.field, rule: route.rule })),
    );
  }

  /** @param how what the winner does, and what to do about it: the end of "... Ingress x ..." */
  #lost(claim: HostClaim, reason: ProblemReason, field: string, winner: HostClaim, how: string, rule?: string): void {
    const object: ObjectRef = claim.from.ref;
    const why = winner.from.createdAtMs === claim.from.createdAtMs ? 'first by name' : 'older';
    const message = messageFor(object, field, `host ${quote(this.#key)}: ${describe(winner.from.ref)} (${why}) ${how}`);
    this.#problems.push({ object, reason, field, message, ...(rule === undefined ? {} : { rule }) });
  }
}

const pathKinds = { exact: 'Exact', prefix: 'Prefix', regex: 'Regex' } as const;
const keyTypeOrder = ['ec', 'rsa', 'ed25519'] as const;

function isServing(claim: HostClaim): boolean {
  return claim.routes.length > 0 || claim.fallback !== undefined || claim.tls?.kind === 'passthrough';
}

/** `Prefix "/api"`, for messages. */
function shownMatch({ match: { path, methods, headers, query } }: RouteClaim): string {
  const conditions = methods.length + headers.length + query.length === 0 ? '' : ' with the same conditions';
  return `${pathKinds[path.kind]} ${quote(path.value)}${conditions}`;
}

/** TLS for a host that an object doesn't serve itself is heard within one namespace only: hosts of others are not theirs to secure. */
function sameNamespace(a: HostClaim, b: HostClaim): boolean {
  return a.from.ref.namespace === b.from.ref.namespace;
}
