import type { ObjectStore } from '../object-store.ts';
import { givenAddresses, type PublishedAddress, serviceAddresses } from './publish-addresses.ts';

/** Where the addresses of this installation come from. */
export interface AddressOptions {
  /** `namespace/name`; its addresses are published when none are given by hand. */
  readonly publishService: string | undefined;
  readonly publishAddresses: readonly string[];
}

/**
 * What is published on objects that are served: the addresses given by hand, else those of the Service. undefined: not known, so that
 * nothing is written. An existing Service without addresses yet has an empty list.
 */
export function ownAddresses(
  store: ObjectStore,
  { publishService, publishAddresses }: AddressOptions,
): readonly PublishedAddress[] | undefined {
  if (publishAddresses.length > 0) return givenAddresses(publishAddresses);
  const service = publishService === undefined ? undefined : store.get('Service', publishService);
  return service === undefined ? undefined : serviceAddresses(service);
}
