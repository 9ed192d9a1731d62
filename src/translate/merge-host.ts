import { isDeepStrictEqual } from 'node:util';
import { compareRoutes } from '../routes/compare-routes.ts';
import type { Policy } from '../routes/policy.ts';
import type { Route, RouteAction } from '../routes/route.ts';
import { anyHost, type Certificate, type HostTcp, type HostTls } from '../routes/route-table.ts';
import { type HostClaim, matchKey, type RouteClaim, type TcpClaim, type TlsPolicyClaim, tcpClaimOf } from './host-claim.ts';
import type { MergedHost } from './merged-host.ts';
import type { Policies } from './policies.ts';
import { describe, messageFor, quote } from './problem-list.ts';
import type { RouteSettings } from './route-settings.ts';
import { besideRequests, type ServiceUse } from './service-use.ts';
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
  /** Whose wish for certificates of clients can't be had: they are not served. */
  readonly #closed = new Set<HostClaim>();
  readonly #routes = new Map<string, { readonly claim: HostClaim; readonly route: RouteClaim; readonly isFallback: boolean }>();

  constructor(key: string, claims: readonly HostClaim[], byName: readonly Certificate[], context: MergeContext) {
    this.#key = key;
    this.#claims = claims;
    this.#byName = byName;
    this.#context = context;
    this.owner =
      claims.find((claim) => isServing(claim) && claim.isSolver === undefined) ??
      claims.find(isServing) ??
      claims.find((claim) => claim.named);
  }

  result(owner: HostClaim): MergedHost {
    const tcp = tcpClaimOf(owner.tls);
    const accepted = tcp === undefined ? this.#terminating(owner) : this.#besideTcp(owner);
    const ofTls = tcp === undefined ? accepted : [owner];
    const certificates = this.#certificates(ofTls);
    const tlsPolicy = tcp === undefined ? this.#tlsPolicy(owner, accepted) : tlsPolicyOfTcp(owner);
    const terminates = ofTls.some((claim) => claim.tls?.kind === 'terminate');
    if (tcp === undefined && !terminates) this.#reportUnasked(accepted);
    this.#addRoutes(accepted);

    const policies = new Map<string, Policy>();
    const policyOf = (claim: HostClaim, settings: RouteSettings, isDirect = false): string => {
      const hasTls = tcp === undefined ? terminates : !terminates && claim.tls?.kind === 'passthrough';
      const rule = isDirect || claim.isSolver ? undefined : tlsPolicy?.rule;
      const policy = this.#context.policies.policy(settings, hasTls && this.#context.hasHttps, rule, isDirect);
      policies.set(policy.key, policy);
      return policy.key;
    };
    const routes = [...this.#routes.values()]
      .map(({ claim, route }) => this.#route(claim, route, policyOf(claim, route.settings)))
      .sort(compareRoutes);
    const uses = this.#uses();
    let hostTcp: HostTcp | undefined;
    if (tcp !== undefined) {
      const isClosed = tlsPolicy?.rule?.isBroken === true;
      hostTcp = hostTcpOf(owner, isClosed ? closedTcp(tcp) : tcp, policyOf(owner, owner.settings, true));
      if (!isClosed)
        uses.push(...tcp.bindings.map((binding) => ({ binding, from: owner.from, field: tcp.field, gets: 'connections' as const })));
    }
    let tls: HostTls | undefined;
    if (terminates) {
      const keys = certificates.map((certificate) => certificate.key);
      const reencrypts = owner.tls?.kind === 'terminate' && owner.tls.tcp?.reencrypts === true;
      const inside = hostTcp && { tcp: { ...hostTcp, reencrypts } };
      tls = { kind: 'terminate', certificates: keys, ...(tlsPolicy && { policy: tlsPolicy.policy }), ...inside };
    } else if (hostTcp !== undefined) tls = { kind: 'passthrough', ...hostTcp };
    const served = new Set([...this.#routes.values()].map(({ claim }) => claim.from));
    if (tcp !== undefined) served.add(owner.from);
    return {
      host: { key: this.#key, routes, tls },
      policies: [...policies.values()],
      certificates,
      secrets: [...this.#routes.values()].flatMap(({ route }) => route.needs.secrets),
      pages: [...this.#routes.values()].flatMap(({ route }) => route.needs.pages),
      uses,
      served: [...served],
      servedRules: [...this.#routes.values()].flatMap(({ claim: { from }, route: { rule } }) =>
        rule === undefined ? [] : [{ from, rule }],
      ),
      problems: this.#problems,
    };
  }

  /** There is HTTP in the TLS: objects that want connections as a whole for the host lose them, and their routes, which lead to TLS backends, too. */
  #terminating(owner: HostClaim): readonly HostClaim[] {
    return this.#claims.filter((claim) => {
      const tcp = tcpClaimOf(claim.tls);
      if (tcp === undefined) return claim === owner || isServing(claim) || sameNamespace(claim, owner);
      const how =
        claim.tls?.kind === 'passthrough'
          ? 'serves without passthrough; use another host, or passthrough in both'
          : 'serves HTTP; use another host';
      this.#lost(claim, 'PassthroughConflict', tcp.field, owner, how);
      return false;
    });
  }

  /**
   * Connections go to a backend as a whole: other objects keep their routes for plain HTTP, and those that want TLS are told that they don't
   * get it. Those that would ask for certificates of clients are not served without.
   */
  #besideTcp(owner: HostClaim): readonly HostClaim[] {
    const wanted = wayOf(owner);
    const how = owner.tls?.kind === 'passthrough' ? 'passes TLS through to its own backend' : 'has TCP in the TLS, for its own backend';
    for (const claim of this.#claims) {
      if (claim === owner || claim.tls === undefined) continue;
      if (isDeepStrictEqual(wayOf(claim), wanted)) {
        this.#checkTlsPolicy(claim, owner);
        continue;
      }
      const isClosed = claim.tlsPolicy?.rule !== undefined;
      if (isClosed) this.#closed.add(claim);
      const field = tcpClaimOf(claim.tls)?.field ?? claim.tls.field;
      this.#lost(
        claim,
        'PassthroughConflict',
        field,
        owner,
        `${how}${isClosed ? ', so nobody is served by this one' : ''}; use another host`,
      );
    }
    return this.#claims.filter((claim) => claim === owner || tcpClaimOf(claim.tls) === undefined);
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

  /** One for a host: of the owner, or of an older object of its namespace than others that want another. */
  #tlsPolicy(owner: HostClaim, claims: readonly HostClaim[]): TlsPolicyClaim | undefined {
    const winner = claims.find((claim) => claim.tlsPolicy !== undefined && sameNamespace(claim, owner));
    for (const claim of claims) {
      const { tlsPolicy } = claim;
      if (tlsPolicy === undefined || tlsPolicy.policy.key === winner?.tlsPolicy?.policy.key) continue;
      const isClosed = tlsPolicy.rule !== undefined;
      if (isClosed) this.#closed.add(claim);
      const how = `says how TLS of the host is spoken${isClosed ? ', so nobody is served by this one' : ''}; say the same in both`;
      this.#lost(claim, 'TlsPolicyConflict', tlsPolicy.field, winner ?? owner, how);
    }
    return winner?.tlsPolicy;
  }

  /** Certificates that are asked for in TLS, of a host that has none. */
  #reportUnasked(claims: readonly HostClaim[]): void {
    for (const { named, tlsPolicy, from } of claims) {
      if (!named || tlsPolicy?.rule === undefined || tlsPolicy.rule.isBroken) continue;
      const { field, rule } = tlsPolicy;
      const cost = rule.isRequired ? ', and everybody gets 403' : '';
      const sentence = `host ${quote(this.#key)} has no TLS, so no certificate is asked for${cost}; name it in spec.tls`;
      this.#problems.push({ object: from.ref, reason: 'InvalidAnnotation', field, message: messageFor(from.ref, field, sentence) });
    }
  }

  /** Of who shares a host whose connections go on as a whole: only the owner says how TLS is spoken. */
  #checkTlsPolicy(claim: HostClaim, owner: HostClaim): void {
    const { tlsPolicy } = claim;
    if (tlsPolicy === undefined || tlsPolicy.policy.key === owner.tlsPolicy?.policy.key) return;
    this.#lost(claim, 'TlsPolicyConflict', tlsPolicy.field, owner, 'says how TLS of the host is spoken; say the same in both');
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
    const { match, priority, order } = route;
    const action: RouteAction = this.#closed.has(claim) ? closedAction : route.action;
    const key = `${kind} ${namespace}/${name} ${this.#key} ${route.id}`;
    const source = { kind, namespace, name };
    return { key, source, createdAtMs, ...(order === undefined ? {} : { order }), priority, match, policy, action };
  }

  #uses(): ServiceUse[] {
    return [...this.#routes.values()].flatMap(({ claim: { from }, route: { bindings, needs, action, settings, field, rule } }) => [
      ...bindings.map((binding) => ({ binding, from, field, rule, gets: besideRequests(binding.service.key, action, settings) })),
      ...needs.bindings.map((binding) => ({ binding, from, field, rule })),
    ]);
  }

  /** @param how what the winner does, and what to do about it: the end of "... Ingress x ..." */
  #lost(claim: HostClaim, reason: ProblemReason, field: string, winner: HostClaim, how: string, rule?: string): void {
    const object: ObjectRef = claim.from.ref;
    const why = winner.from.createdAtMs === claim.from.createdAtMs ? 'first by name' : 'older';
    const message = messageFor(object, field, `host ${quote(this.#key)}: ${describe(winner.from.ref)} (${why}) ${how}`);
    this.#problems.push({ object, reason, field, message, ...(rule === undefined ? {} : { rule }) });
  }
}

const closedAction: RouteAction = { kind: 'fail', status: 503, reason: 'client certificates can not be asked for as the object says' };
const pathKinds = { exact: 'Exact', prefix: 'Prefix', regex: 'Regex', 'unusable-regex': 'Regex' } as const;
const keyTypeOrder = ['ec', 'rsa', 'ed25519'] as const;

function isServing(claim: HostClaim): boolean {
  return claim.routes.length > 0 || claim.fallback !== undefined || tcpClaimOf(claim.tls) !== undefined;
}

/** What two objects must have in common to share a host whose connections go on as a whole. */
function wayOf({ tls }: HostClaim): object {
  return { kind: tls?.kind, backends: tcpClaimOf(tls)?.backends, reencrypts: tls?.kind === 'terminate' && tls.tcp?.reencrypts === true };
}

/** The owner's alone: nothing that HTTP asks of TLS holds for what is no HTTP. */
function tlsPolicyOfTcp({ tls, tlsPolicy }: HostClaim): TlsPolicyClaim | undefined {
  return tls?.kind === 'passthrough' ? undefined : tlsPolicy;
}

/** Nobody is let in. */
function closedTcp(tcp: TcpClaim): TcpClaim {
  return { ...tcp, backends: tcp.backends.map(({ weight }) => ({ service: undefined, weight })) };
}

function hostTcpOf({ from: { ref }, host, tls }: HostClaim, { backends, listeners }: TcpClaim, policy: string): HostTcp {
  const { kind, namespace, name } = ref;
  const key = `${kind} ${namespace}/${name} ${host} ${tls?.kind === 'passthrough' ? 'passthrough' : 'tcp'}`;
  return { key, backends, policy, source: { kind, namespace, name }, ...(listeners && { listeners }) };
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
