import type { ForwardAction, RequestRewrite, WeightedBackend } from '../routes/route.ts';
import type { RouteSettings } from './route-settings.ts';

/** Requests of a route with these settings, to these backends. */
export function forwardActionOf(
  backends: readonly WeightedBackend[],
  { balancing: { type, hashBy, sessionCookie } = {} }: RouteSettings,
  rewrite?: RequestRewrite | undefined,
): ForwardAction {
  return {
    kind: 'forward',
    backends,
    ...(rewrite && { rewrite }),
    ...(type === 'consistent-hash' && hashBy && { hashBy }),
    ...(sessionCookie && { sessionCookie }),
  };
}
