import type { RouteAction } from '../routes/route.ts';
import type { Claimant } from './host-claim.ts';
import type { RouteSettings } from './route-settings.ts';
import type { ServiceBinding } from './service-binding.ts';

/** A Service in use, with the place in the object that asks for it. */
export interface ServiceUse {
  readonly binding: ServiceBinding;
  /** undefined: the controller's own default backend. */
  readonly from: Claimant | undefined;
  readonly field: string;
  /** The rule of a SmartRoute. */
  readonly rule?: string | undefined;
  /** What it is for; undefined: requests need it. */
  readonly gets?: 'connections' | 'copies' | 'error-pages' | undefined;
}

/** What a Service of a route is for beside its requests. @param settings with their Services looked up */
export function besideRequests(key: string, action: RouteAction, { mirror, errorPages = [] }: RouteSettings): ServiceUse['gets'] {
  if (action.kind === 'forward' && action.backends.some(({ service }) => service === key)) return undefined;
  if (mirror?.service === key) return 'copies';
  return errorPages.some(({ content }) => content.kind === 'backend' && content.service === key) ? 'error-pages' : undefined;
}
