import { sizeValue } from '../api/annotation-values.ts';
import type { SmartRouteCompression } from '../api/generated/smart-route.ts';
import type { CompressionPolicy } from '../routes/policy.ts';
import { readAs } from './schema-values.ts';

/** What gains by it; pictures, video, archives and fonts in WOFF2 are compressed already. */
const defaultTypes = [
  'text/*',
  'application/javascript',
  'application/x-javascript',
  'application/json',
  'application/ld+json',
  'application/manifest+json',
  'application/problem+json',
  'application/graphql-response+json',
  'application/xml',
  'application/rss+xml',
  'application/atom+xml',
  'application/xhtml+xml',
  'application/wasm',
  'image/svg+xml',
  'image/bmp',
  'image/x-icon',
  'font/ttf',
  'font/otf',
  'application/vnd.ms-fontobject',
];
const defaultMinBytes = 1024;
const codings = { Gzip: 'gzip', Brotli: 'br', Zstd: 'zstd' } as const;
const levels = { Fast: 'fast', Balanced: 'balanced', Best: 'best' } as const;
const defaultCodings = ['zstd', 'br', 'gzip'] as const;

/** The compression of a policy; without algorithms it is off. */
export function compressionOf({ algorithms, types, minSize, level }: SmartRouteCompression): CompressionPolicy {
  return {
    algorithms: algorithms?.map((algorithm) => codings[algorithm]) ?? defaultCodings,
    types: types ?? defaultTypes,
    minBytes: readAs(sizeValue, minSize) ?? defaultMinBytes,
    level: level === undefined ? 'balanced' : levels[level],
  };
}

/** The compression with these codings and all else by default. */
export function compressionWith(algorithms: CompressionPolicy['algorithms']): CompressionPolicy {
  return { ...compressionOf({}), algorithms };
}
