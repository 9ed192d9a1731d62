import { fieldsOf, itemsOf, textOf } from './unknown-input.ts';

/** Label of the Ingress by which cert-manager has a CA led to its solver. */
const solverLabel = 'acme.cert-manager.io/http01-solver';
const challengePrefix = '/.well-known/acme-challenge/';

/** Priority of its routes: before every SmartRoute, whose highest is 1,000. */
export const solverPriority = 1001;

/**
 * Whether an Ingress is there for answers of ACME challenges and nothing else: cert-manager made it, or somebody who labels it like
 * that, and all that it has are paths of single challenges. It asks nothing of its host but to be reached.
 */
export function isSolverIngress(object: { readonly kind: string; readonly metadata: unknown; readonly spec?: unknown }): boolean {
  const { kind, metadata, spec } = object;
  if (kind !== 'Ingress' || fieldsOf(fieldsOf(metadata).labels)[solverLabel] !== 'true') return false;
  const { rules, tls, defaultBackend } = fieldsOf(spec);
  const paths = itemsOf(rules).flatMap((rule) => itemsOf(fieldsOf(fieldsOf(rule).http).paths));
  return defaultBackend === undefined && itemsOf(tls).length === 0 && paths.length > 0 && paths.every(isChallenge);
}

function isChallenge(item: unknown): boolean {
  const path = textOf(fieldsOf(item).path) ?? '';
  return path.startsWith(challengePrefix) && path.length > challengePrefix.length;
}
