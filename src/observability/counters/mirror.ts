/**
 * What becomes of copies of requests: the mirror answered; it could not be reached or broke off, or the request did; there are too many
 * under way; the body is over its limit.
 */
export const mirrorOutcomes = ['answered', 'failed', 'busy', 'too_large'] as const;
export type MirrorOutcome = (typeof mirrorOutcomes)[number];
