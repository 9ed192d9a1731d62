import type { Policy } from '../routes/policy.ts';
import type { Certificate, Host, PageText, SecretEntry } from '../routes/route-table.ts';
import type { Claimant } from './host-claim.ts';
import type { ServiceUse } from './service-use.ts';
import type { Problem } from './translation.ts';

/** One host of the table with all that its entry needs in the other parts. */
export interface MergedHost {
  readonly host: Host;
  readonly policies: readonly Policy[];
  readonly certificates: readonly Certificate[];
  readonly secrets: readonly SecretEntry[];
  readonly pages: readonly PageText[];
  readonly uses: readonly ServiceUse[];
  /** Objects with something in the host. */
  readonly served: readonly Claimant[];
  /** Rules of SmartRoutes with a match in the host. */
  readonly servedRules: readonly ServedRule[];
  /** What lost against another object. */
  readonly problems: readonly Problem[];
}

/** A rule of a SmartRoute that requests may come to. */
export interface ServedRule {
  readonly from: Claimant;
  readonly rule: string;
}
