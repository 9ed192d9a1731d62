import type { AnnotationValues } from '../api/annotations.ts';
import type { PathMatch } from '../routes/route.ts';
import type { Claimant } from './host-claim.ts';
import type { RouteSettings } from './route-settings.ts';
import type { TlsEntry } from './tls-certificates.ts';

/** An Ingress as far as it can be understood alone: typed, checked, with what is wrong in it. Depends on nothing but the object. */
export interface IngressReading extends Claimant {
  readonly kind: 'ingress';
  readonly rules: readonly ReadRule[];
  readonly defaultBackend: ReadBackend | undefined;
  readonly tls: readonly TlsEntry[];
  readonly annotations: AnnotationValues;
  /** An annotation asks cert-manager for its certificates. */
  readonly hasCertManager: boolean;
  /** Fields of `annotations` that are missing because their value can't be read, where the default would be less safe. */
  readonly unsafeAnnotations: ReadonlySet<keyof AnnotationValues>;
  /** An annotation of ours that does not exist, and would keep somebody out if it did: nobody is let in. */
  readonly missingGuard: string | undefined;
  /** Leads CAs to a solver, and does nothing else. */
  readonly isSolver: boolean;
  /** What the installation sets where no annotation does. */
  readonly inherited?: RouteSettings;
}

export interface ReadRule {
  /** A key of the route table: `shop.example.com`, `*.example.com` or `*`. */
  readonly host: string;
  readonly field: string;
  readonly paths: readonly ReadPath[];
}

export interface ReadPath {
  readonly match: PathMatch;
  readonly backend: ReadBackend;
  readonly field: string;
  /** It is what a path that can't be used may have meant, for which nobody is served. */
  readonly isMeant: boolean;
}

/** The order in which the first path of a kind and value counts: what one that can't be used may have meant gives way to what is written. */
export function pathsInOrder(rules: readonly ReadRule[]): readonly ReadPath[] {
  const paths = rules.flatMap((rule) => rule.paths);
  return [...paths.filter(({ isMeant }) => !isMeant), ...paths.filter(({ isMeant }) => isMeant)];
}

export type ReadBackend =
  | { readonly kind: 'service'; readonly name: string; readonly port: number | string; readonly field: string }
  /** Can't be served whatever else exists; the problem is reported already. */
  | { readonly kind: 'unusable'; readonly reason: string; readonly field: string };
