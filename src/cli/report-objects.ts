import type { KubernetesStatus } from '../sources/kubernetes/kubernetes-status.ts';
import { configStatusOf, type ListenerFailure } from '../translate/smart-proxy-config-statuses.ts';
import { statusOf } from '../translate/smart-route-statuses.ts';
import type { ObjectRef, Translation } from '../translate/translation.ts';
import type { ListenerTrouble } from '../workers/worker-supervisor.ts';

/** What keeps from being served what translation has found good. */
export interface ServingTroubles {
  readonly listeners: ReadonlyMap<string, ListenerTrouble>;
  /** Why the kernel does not forward what it should of an object; undefined: it does. */
  readonly kernel: (object: ObjectRef) => string | undefined;
}

/** Hands on what translation and workers together say of the objects that have conditions. */
export function reportObjects(
  { smartRoutes, smartProxyConfigs, routeTable }: Translation,
  troubles: ServingTroubles,
  isProgrammed: boolean,
  status: Pick<KubernetesStatus, 'updateObjects'>,
): void {
  const failures = new Map([...troubles.listeners].map(([listener, trouble]) => [listener, failureOf(trouble)]));
  status.updateObjects(
    smartRoutes.map((state) => statusOf(state, routeTable.endpoints, isProgrammed, troubles.kernel(state.object))),
    smartProxyConfigs.map((state) => configStatusOf(state, failures, isProgrammed)),
  );
}

function failureOf({ code, message }: ListenerTrouble): ListenerFailure {
  return { reason: code === 'ADDRESS_IN_USE' ? 'AddressInUse' : 'AddressUnavailable', message: `${message}.` };
}
