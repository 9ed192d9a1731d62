import type { SmartRouteAction, SmartRouteSpec } from '../api/generated/smart-route.ts';
import type { RouteMatch } from '../routes/route.ts';
import type { Claimant } from './host-claim.ts';
import type { RouteSettings } from './route-settings.ts';

/** A SmartRoute as far as it can be understood alone. Depends on nothing but the object. */
export interface SmartRouteReading extends Claimant {
  readonly kind: 'smart-route';
  /** `metadata.generation`; 0 when it has none. */
  readonly generation: number;
  /** As far as it can be read; undefined: it breaks the schema, and nobody can say what it claims. */
  readonly spec: SmartRouteSpec | undefined;
  /** Why nobody is served by any of it: what it claims is answered 503, and no other object's. undefined: it is as the schema has it. */
  readonly broken: string | undefined;
  /** Host keys of the route table. */
  readonly hosts: readonly string[];
  /** Networks of the clients that it is for, without those that are none; undefined: everybody. */
  readonly clients: readonly string[] | undefined;
  /** What `spec.policy` and `spec.connection` set. */
  readonly settings: RouteSettings;
  readonly rules: readonly ReadSmartRouteRule[];
}

export interface ReadSmartRouteRule {
  readonly name: string;
  readonly field: string;
  /** Why nobody is served by it, whatever it matches; undefined: it is as the schema has it. */
  readonly broken: string | undefined;
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
  /** Why it can't be used: what it may have meant is answered 503, for the next rule may let in whom this one would not. undefined: it can. */
  readonly broken: string | undefined;
}
