/** Codings that answers are compressed with, in the order of the counters. */
export const contentCodings = ['gzip', 'br', 'zstd'] as const;

/** Why an answer that could have been compressed was not. */
export const compressionSkips = ['overload', 'memory'] as const;
export type CompressionSkip = (typeof compressionSkips)[number];
