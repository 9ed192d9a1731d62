import type { AnnotationValues } from '../api/annotations.ts';
import type { CorsPolicy } from '../routes/policy.ts';

/** As ingress-nginx. */
const defaultMethods = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'];
const defaultMaxAgeMs = 1_728_000_000;

/** Those without which more would be allowed. */
const bounds = ['corsAllowOrigin', 'corsAllowMethods', 'corsAllowHeaders', 'corsAllowCredentials'] as const;

/**
 * What annotations say of pages of other origins; undefined: nothing, false: that they may not ask.
 * @param unreadable annotations whose value can't be read: one that bounds what is allowed lets no page ask
 */
export function corsOfAnnotations(
  values: AnnotationValues,
  unreadable: ReadonlySet<keyof AnnotationValues>,
): CorsPolicy | false | undefined {
  if (values.enableCors !== true) return values.enableCors;
  if (bounds.some((name) => unreadable.has(name))) return false;
  const allowOrigins = values.corsAllowOrigin ?? ['*'];
  return {
    allowOrigins,
    allowMethods: values.corsAllowMethods ?? defaultMethods,
    allowHeaders: values.corsAllowHeaders,
    exposeHeaders: values.corsExposeHeaders ?? [],
    allowCredentials: !allowOrigins.includes('*') && values.corsAllowCredentials !== false,
    maxAgeSeconds: Math.floor((values.corsMaxAge ?? defaultMaxAgeMs) / 1000),
  };
}

/** Credentials that are asked for where every origin may ask: no browser takes that. */
export function asksForCredentialsOfAll({ enableCors, corsAllowOrigin = ['*'], corsAllowCredentials }: AnnotationValues): boolean {
  return enableCors === true && corsAllowCredentials === true && corsAllowOrigin.includes('*');
}
