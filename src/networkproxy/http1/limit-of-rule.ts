import type { Http1Limit } from '../../observability/counters/http1-limit.ts';

/** The limits that share a response flag with others, by the rule that a request over them breaks. */
export const limitOfRule: Readonly<Record<string, Http1Limit>> = {
  'head-too-large': 'header_bytes',
  'too-many-headers': 'header_count',
  'trailers-too-large': 'trailers',
  'chunk-extensions-too-large': 'chunk_extensions',
};
