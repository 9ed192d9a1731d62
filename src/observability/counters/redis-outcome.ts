/** How a question to Redis ended; `skipped`: it was not asked, because it is not connected or was late just now. */
export const redisOutcomes = ['answered', 'failed', 'late', 'skipped'] as const;
export type RedisOutcome = (typeof redisOutcomes)[number];
