import type { ClientCertificateRule } from '../routes/policy.ts';
import type { PathMatch, RouteAction, RouteMatch, WeightedBackend } from '../routes/route.ts';
import type { Certificate, PageText, SecretEntry, TlsPolicy } from '../routes/route-table.ts';
import type { RouteSettings } from './route-settings.ts';
import type { ServiceBinding } from './service-binding.ts';
import type { ObjectRef, Problem } from './translation.ts';

/** An object that claims hosts: what claims need of it, whatever its kind. */
export interface Claimant {
  /** `namespace/name`. */
  readonly key: string;
  readonly ref: ObjectRef;
  /** 0 when unknown. */
  readonly createdAtMs: number;
  /** It is on its way out, and waits for whoever has something to do before (finalizers). */
  readonly isBeingDeleted: boolean;
  /** What is wrong in the object itself. */
  readonly problems: readonly Problem[];
}

/** What one object wants of one host. */
export interface HostClaim {
  readonly from: Claimant;
  readonly host: string;
  /** Whether the object names the host itself, and not for TLS or a default backend alone. */
  readonly named: boolean;
  /** Whether the object has nothing but a default backend. */
  readonly onlyFallback: boolean;
  /** In the order written, no match twice. */
  readonly routes: readonly RouteClaim[];
  /** The default backend: for what no route of the host matches. */
  readonly fallback: RouteClaim | undefined;
  readonly tls: TlsClaim | undefined;
  /** How TLS is to be spoken, for all of the host; undefined: as everywhere. */
  readonly tlsPolicy?: TlsPolicyClaim | undefined;
  /** Of the object as a whole: those of connections. */
  readonly settings: RouteSettings;
  /** It is for CAs alone: what others say of the host does not keep them out, and it has no say in that. */
  readonly isSolver?: true;
}

export interface RouteClaim {
  /** What is left of the route's key beside object and host: unique among the routes of the claim. */
  readonly id: string;
  readonly match: RouteMatch;
  readonly priority: number;
  /** As in `Route`. */
  readonly order: number | undefined;
  readonly settings: RouteSettings;
  readonly action: RouteAction;
  /** Of the backends that can be served. */
  readonly bindings: readonly ServiceBinding[];
  /** What its settings refer to. */
  readonly needs: PolicyNeeds;
  readonly field: string;
  /** The rule of a SmartRoute. */
  readonly rule: string | undefined;
}

/** Entries of other parts of the table that a policy names. */
export interface PolicyNeeds {
  readonly secrets: readonly SecretEntry[];
  readonly bindings: readonly ServiceBinding[];
  readonly pages: readonly PageText[];
}

export const noNeeds: PolicyNeeds = { secrets: [], bindings: [], pages: [] };

export type TlsClaim = TerminateClaim | PassthroughClaim;

export interface TerminateClaim {
  readonly kind: 'terminate';
  /** From the Secrets named for the host, those that fit it. */
  readonly certificates: readonly Certificate[];
  /** No Secret is named for the host: any certificate of the namespace that covers it will do. */
  readonly byName: boolean;
  readonly field: string;
  /** What is in the TLS goes to backends as a whole; undefined: it is HTTP. */
  readonly tcp?: TerminatedTcpClaim | undefined;
}

/** One backend at least can be served. */
export interface PassthroughClaim extends TcpClaim {
  readonly kind: 'passthrough';
}

/** Connections for a host that go to backends as a whole. */
export interface TcpClaim {
  readonly backends: readonly WeightedBackend[];
  /** Of the backends that can be served. */
  readonly bindings: readonly ServiceBinding[];
  /** As in the table. */
  readonly listeners: readonly string[] | undefined;
  readonly field: string;
}

export interface TerminatedTcpClaim extends TcpClaim {
  /** As in the table. */
  readonly reencrypts: boolean;
}

/** What an object wants of the connections for a host as a whole; undefined: nothing, it is HTTP. */
export function tcpClaimOf(tls: TlsClaim | undefined): TcpClaim | undefined {
  return tls?.kind === 'passthrough' ? tls : tls?.tcp;
}

export interface TlsPolicyClaim {
  readonly policy: TlsPolicy;
  /** undefined: certificates of clients are not asked for. */
  readonly rule: ClientCertificateRule | undefined;
  readonly field: string;
}

/** Equal for two claims whose routes match the same requests with the same precedence. */
export function matchKey(match: RouteMatch, priority: number): string {
  const { listeners, clients, path, methods, headers, query } = match;
  const conditions =
    methods.length + headers.length + query.length === 0 ? '' : ` ${JSON.stringify([sorted(methods), pairs(headers), pairs(query)])}`;
  const ports = listeners === undefined ? '' : ` on ${sorted(listeners).join()}`;
  const from = clients === undefined ? '' : ` from ${sorted(clients).join()}`;
  return `${priority === 0 ? '' : `${priority} `}${pathKey(path)}${conditions}${ports}${from}`;
}

/** `prefix /api`. */
export function pathKey({ kind, value }: PathMatch): string {
  return `${kind} ${value}`;
}

/** Compares objects by age, the oldest first and those of unknown age last, then by `namespace/name` and kind. */
export function compareClaimants(a: Claimant, b: Claimant): number {
  if (a.createdAtMs !== b.createdAtMs) return (a.createdAtMs || Number.MAX_SAFE_INTEGER) - (b.createdAtMs || Number.MAX_SAFE_INTEGER);
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  if (a.ref.kind === b.ref.kind) return 0;
  return a.ref.kind < b.ref.kind ? -1 : 1;
}

function pairs(matches: RouteMatch['headers']): readonly string[] {
  return sorted(matches.map((match) => JSON.stringify(match)));
}

function sorted(texts: readonly string[]): readonly string[] {
  return [...texts].sort();
}
