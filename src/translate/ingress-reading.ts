import type { AnnotationValues } from '../api/annotations.ts';
import type { PathMatch } from '../routes/route-table.ts';
import type { Claimant } from './host-claim.ts';
import type { TlsEntry } from './tls-certificates.ts';

/** An Ingress as far as it can be understood alone: typed, checked, with what is wrong in it. Depends on nothing but the object. */
export interface IngressReading extends Claimant {
  readonly kind: 'ingress';
  readonly rules: readonly ReadRule[];
  readonly defaultBackend: ReadBackend | undefined;
  readonly tls: readonly TlsEntry[];
  readonly annotations: AnnotationValues;
  /** Fields of `annotations` that are missing because their value can't be read, where the default would be less safe. */
  readonly unsafeAnnotations: ReadonlySet<keyof AnnotationValues>;
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
}

export type ReadBackend =
  | { readonly kind: 'service'; readonly name: string; readonly port: number | string; readonly field: string }
  /** Can't be served whatever else exists; the problem is reported already. */
  | { readonly kind: 'unusable'; readonly reason: string; readonly field: string };
