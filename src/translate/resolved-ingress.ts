import type { Certificate, PathMatch, RouteAction } from '../routes/route-table.ts';
import type { IngressReading } from './ingress-reading.ts';
import type { ServiceBinding } from './service-binding.ts';
import type { ReadRecord } from './tracked-reads.ts';
import type { Problem } from './translation.ts';

/** An Ingress with everything that it refers to looked up: what it claims of each host, before other Ingresses are heard. */
export interface ResolvedIngress {
  readonly reading: IngressReading;
  /** One for each host that it names. */
  readonly claims: readonly HostClaim[];
  readonly problems: readonly Problem[];
  /** The result holds while these find the same objects ... */
  readonly reads: ReadRecord;
  /** ... and the time is in this span: a certificate begins or ends at its borders. */
  readonly holds: TimeSpan;
  /** Usable certificates that it refers to, for other hosts of the namespace. */
  readonly certificates: readonly Certificate[];
  readonly referencedSecrets: readonly string[];
}

/** `fromMs` is in the span, `untilMs` is not. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What one Ingress wants of one host. */
export interface HostClaim {
  readonly ingress: IngressReading;
  readonly host: string;
  /** By `spec.rules`, in the order written, no path twice. */
  readonly routes: readonly RouteClaim[];
  /** The default backend: for what no route of the host matches. */
  readonly fallback: RouteClaim | undefined;
  readonly tls: TlsClaim | undefined;
}

export interface RouteClaim {
  readonly match: PathMatch;
  readonly action: RouteAction;
  /** undefined when `action` is `fail`. */
  readonly binding: ServiceBinding | undefined;
  readonly field: string;
}

export type TlsClaim =
  | {
      readonly kind: 'terminate';
      /** From the Secrets named for the host, those that fit it. */
      readonly certificates: readonly Certificate[];
      /** No Secret is named for the host: any certificate of the namespace that covers it will do. */
      readonly byName: boolean;
      readonly field: string;
    }
  | { readonly kind: 'passthrough'; readonly binding: ServiceBinding; readonly field: string };
