import type { SmartRouteAction, SmartRouteSpec } from '../api/generated/smart-route.ts';
import type { RouteMatch } from '../routes/route-table.ts';
import type { Claimant } from './host-claim.ts';
import type { RouteSettings } from './route-settings.ts';

/** A SmartRoute as far as it can be understood alone. Depends on nothing but the object. */
export interface SmartRouteReading extends Claimant {
  readonly kind: 'smart-route';
  /** `metadata.generation`; 0 when it has none. */
  readonly generation: number;
  /** undefined: it breaks the schema, so none of it is served, as an API server would not have taken it. */
  readonly spec: SmartRouteSpec | undefined;
  /** Host keys of the route table. */
  readonly hosts: readonly string[];
  /** What `spec.policy` sets. */
  readonly settings: RouteSettings;
  readonly rules: readonly ReadSmartRouteRule[];
}

export interface ReadSmartRouteRule {
  readonly name: string;
  readonly field: string;
  readonly matches: readonly ReadSmartRouteMatch[];
  /** What the rule's policy sets by itself. */
  readonly ownSettings: RouteSettings;
  /** With what it inherits from the object. */
  readonly settings: RouteSettings;
  readonly action: SmartRouteAction;
}

export interface ReadSmartRouteMatch {
  readonly field: string;
  readonly match: RouteMatch;
}
