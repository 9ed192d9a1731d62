/** What becomes of spans: the collector took them; there were too many at a time; it could not be reached or refused them. */
export const spanOutcomes = ['exported', 'dropped', 'failed'] as const;
export type SpanOutcome = (typeof spanOutcomes)[number];
