import type { SmartRouteStatus } from '../../api/generated/smart-route.ts';
import type { SmartRouteStatusContent } from '../../translate/smart-route-statuses.ts';
import { ObjectStatusWriter, type ObjectStatusWriterOptions, timedConditions } from './object-status-writer.ts';
import { type AddressOptions, ownAddresses } from './own-addresses.ts';
import type { PublishedAddress } from './publish-addresses.ts';
import { smartRouteType } from './resources.ts';

export type RouteStatusWriterOptions = ObjectStatusWriterOptions & AddressOptions;

/** Addresses beyond the bound of the CRD are left out. */
const maxAddresses = 64;

/** Writes the statuses of SmartRoutes, our addresses on those that are served included. */
export class RouteStatusWriter extends ObjectStatusWriter<'SmartRoute', SmartRouteStatusContent> {
  constructor(options: RouteStatusWriterOptions) {
    super(options, {
      kind: 'SmartRoute',
      resource: smartRouteType,
      statusOf: (content, present, now) => statusOf(content, ownAddresses(options.store, options), present, now),
    });
  }
}

/** @param ours undefined: not known, so that what is there stays */
function statusOf(
  { generation, publish, hosts, backends, conditions, rules }: SmartRouteStatusContent,
  ours: readonly PublishedAddress[] | undefined,
  present: SmartRouteStatus | undefined,
  now: string,
): SmartRouteStatus {
  const known = ours?.map(({ ip, hostname }) => ({ value: ip ?? hostname ?? '' })).slice(0, maxAddresses);
  const addresses = publish ? (known ?? present?.addresses ?? []) : [];
  return {
    ...(addresses.length > 0 && { addresses }),
    hosts,
    backends,
    conditions: timedConditions(conditions, present?.conditions, generation, now),
    rules: rules.map(({ name, conditions: ofRule }) => {
      const before = present?.rules?.find((rule) => rule.name === name);
      return { name, conditions: timedConditions(ofRule, before?.conditions, generation, now) };
    }),
  };
}
