import type { AcmeChallenge, AcmeOrder, ChallengeType } from '../translate/acme-state.ts';
import type { CaAuthorization, CaChallenge, CaOrder } from './ca.ts';

/** What an order needs next. */
export type OrderStep =
  /** Keep these answers, so that every replica gives them. */
  | { readonly kind: 'publish'; readonly challenges: readonly AcmeChallenge[] }
  /** Have every replica confirm its answers, then tell the CA to look. */
  | { readonly kind: 'answer'; readonly challenges: readonly CaChallenge[] }
  | { readonly kind: 'finalize' }
  | { readonly kind: 'download' }
  /** The CA is at it. */
  | { readonly kind: 'poll' }
  /** It will never be a certificate. `why`: a sentence without its end; `type`: that of the CA's error, where it gives one. */
  | { readonly kind: 'failed'; readonly why: string; readonly type?: string | undefined };

/**
 * The next step of an order, from what the CA says of it and what is kept of it, and nothing else: whoever leads goes on from wherever
 * its predecessor stopped.
 * @param authorizations of an order that is invalid, or pending and not answered yet; else none
 * @param typeFor how a name is to be proven
 */
export function nextStep(
  kept: AcmeOrder,
  order: CaOrder,
  authorizations: readonly CaAuthorization[],
  typeFor: (name: string) => ChallengeType,
): OrderStep {
  switch (order.status) {
    case 'valid':
      return { kind: 'download' };
    case 'ready':
      return { kind: 'finalize' };
    case 'processing':
      return { kind: 'poll' };
    case 'invalid':
      return refusal(authorizations) ?? { kind: 'failed', why: order.error ?? 'the CA calls the order invalid and does not say why' };
    case 'pending':
      return pendingStep(kept, authorizations, typeFor);
  }
}

function pendingStep(kept: AcmeOrder, authorizations: readonly CaAuthorization[], typeFor: (name: string) => ChallengeType): OrderStep {
  const refused = refusal(authorizations);
  if (refused !== undefined) return refused;
  const open: { readonly name: string; readonly challenge: CaChallenge }[] = [];
  for (const { name, status, challenges } of authorizations) {
    if (status !== 'pending') continue;
    const type = typeFor(name);
    const challenge = challenges.find((offered) => offered.type === type);
    if (challenge === undefined) return { kind: 'failed', why: `for ${name} the CA offers no challenge of the kind ${type}` };
    open.push({ name, challenge });
  }
  const asked = open.flatMap(({ challenge }) => (challenge.status === 'pending' ? [challenge] : []));
  if (asked.length === 0) return { kind: 'poll' };
  const known = new Set(kept.challenges.map(({ type, token }) => `${type} ${token}`));
  if (asked.every(({ type, token }) => known.has(`${type} ${token}`))) return { kind: 'answer', challenges: asked };
  return { kind: 'publish', challenges: open.map(({ name, challenge }) => answerOf(name, challenge)) };
}

function answerOf(name: string, { type, token, keyAuthorization }: CaChallenge): AcmeChallenge {
  return { type, name: name.replace(/^\*\./, ''), token, keyAuthorization };
}

/** What the CA says of names that it refused; undefined: it refused none. */
function refusal(authorizations: readonly CaAuthorization[]): OrderStep | undefined {
  const refused = authorizations.filter(({ status }) => status !== 'pending' && status !== 'valid');
  if (refused.length === 0) return undefined;
  const failed = refused.map(({ challenges }) => challenges.find(({ error }) => error !== undefined));
  const words = refused.map(({ name, status }, index) => `${name}: ${failed[index]?.error ?? `the CA calls it ${status}`}`);
  return { kind: 'failed', why: words.join('; '), type: failed.find((challenge) => challenge?.errorType !== undefined)?.errorType };
}
