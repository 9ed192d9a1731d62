import { isDeepStrictEqual } from 'node:util';
import type { SmartRouteSpec } from '../api/generated/smart-route.ts';
import type { Listener } from '../routes/route-table.ts';
import { publicationLack } from './listener-publication.ts';
import { quote } from './problem-list.ts';
import type { TrackedReads } from './tracked-reads.ts';
import type { TranslateDefaults } from './translate-options.ts';

/** A listener that a route names and can be served on. */
export interface NamedListener {
  readonly listener: Listener;
  readonly field: string;
}

/** Tells of a listener that is not there, of another protocol, for others, or that clients do not reach. */
export type ReportListener = (
  reason: 'ListenerNotFound' | 'ListenerMismatch' | 'ListenerNotPermitted' | 'NotPublished',
  field: string,
  sentence: string,
) => void;

/**
 * The listeners of a route: those of its `spec.listeners` that fit it; undefined: it names none, and is served on all that are not kept for
 * other namespaces.
 */
export function listenersOfRoute(
  { listeners, http, tls, udp }: SmartRouteSpec,
  namespace: string,
  reads: TrackedReads,
  options: Pick<TranslateDefaults, 'publishService' | 'listeners'>,
  report: ReportListener,
): readonly NamedListener[] | undefined {
  const fitting: readonly Listener['protocol'][] =
    http !== undefined ? ['http', 'https'] : tls !== undefined ? ['https'] : [udp === undefined ? 'tcp' : 'udp'];
  if (listeners === undefined) {
    if (!reads.isClosedTo(namespace, fitting)) return undefined;
    report('ListenerNotPermitted', 'spec', closedToAll(fitting));
    return [];
  }
  return listeners.flatMap((name, index) => {
    const field = `spec.listeners[${index}]`;
    const listener = reads.listener(name);
    if (listener === undefined) {
      report('ListenerNotFound', field, `no listener is called ${quote(name)}; add it to the SmartProxyConfig or correct the name`);
      return [];
    }
    if (listener.namespaces?.includes(namespace) === false) {
      const whose = listener.namespaces.length === 0 ? 'nobody' : listener.namespaces.map(quote).join(', ');
      report('ListenerNotPermitted', field, `listener ${quote(name)} is for ${whose}; use another, or have this namespace named with it`);
      return [];
    }
    if (fitting.includes(listener.protocol)) {
      const lack = publication(listener, reads, options);
      if (lack !== undefined) report('NotPublished', field, `listener ${quote(name)}: ${lack}`);
      return [{ listener, field }];
    }
    report(
      'ListenerMismatch',
      field,
      `listener ${quote(name)} has protocol ${listener.protocol.toUpperCase()}, and this route needs ${shown(fitting, 'or')}; name another`,
    );
    return [];
  });
}

/** What the Service in front lacks to carry the listener; undefined: nothing, or there is none. */
function publication(
  listener: Listener,
  reads: TrackedReads,
  { publishService, listeners }: Pick<TranslateDefaults, 'publishService' | 'listeners'>,
): string | undefined {
  const front = publishService === undefined ? undefined : reads.service(publishService);
  if (front === undefined) return undefined;
  const isOption = listeners.some((option) => isDeepStrictEqual(option, listener));
  return publicationLack(front, listener, !isOption || listener.publishedPort !== listener.port);
}

/** Why an object is served nowhere, as a sentence. */
export function closedToAll(protocols: readonly Listener['protocol'][]): string {
  return `every listener of ${shown(protocols, 'and')} is for other namespaces, so nothing is served; have this namespace named with one`;
}

function shown(protocols: readonly Listener['protocol'][], word: 'and' | 'or'): string {
  return protocols.map((protocol) => protocol.toUpperCase()).join(` ${word} `);
}
