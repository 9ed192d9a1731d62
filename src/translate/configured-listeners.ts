import type { SmartProxyConfigListener } from '../api/generated/smart-proxy-config.ts';
import type { Service } from '../api/objects.ts';
import type { Listener } from '../routes/route-table.ts';
import { keepEntries } from './keep-map.ts';
import { publicationLack } from './listener-publication.ts';
import { messageFor, quote } from './problem-list.ts';
import type { SmartProxyConfigReading } from './smart-proxy-config-reading.ts';
import type { TranslateDefaults } from './translate-options.ts';
import type { Problem, ProblemReason } from './translation.ts';

/** The `listeners` part of a table. */
export interface ListenerParts {
  readonly listeners: ReadonlyMap<string, Listener>;
  /** Of the SmartProxyConfig. */
  readonly problems: readonly Problem[];
}

/**
 * The listeners of the options with those of the SmartProxyConfig, which come first by name. Keeps its answer's reference while the
 * listeners are the same.
 */
export class ConfiguredListeners {
  #listeners: ReadonlyMap<string, Listener> = new Map();

  /** @param front the Service that clients reach us by; undefined: none is known */
  configure(config: SmartProxyConfigReading | undefined, front: Service | undefined, options: TranslateDefaults): ListenerParts {
    const problems: Problem[] = [];
    const wanted = config?.spec?.listeners ?? [];
    const replaced = new Set(wanted.map(({ name }) => name));
    const closed = new Set(config?.closedListeners.map(({ name }) => name));
    const isForNobody = (name: string): boolean => closed.has(name) || (closed.has(undefined) && !replaced.has(name));
    const own = new Map(options.listeners.map((listener) => [listener.key, listener]));
    const listeners = new Map([...own].map(([key, listener]) => [key, isForNobody(key) ? { ...listener, namespaces: [] } : listener]));
    const taken = new Map(options.listeners.filter(({ key }) => !replaced.has(key)).map(({ key, port }) => [port, key]));
    wanted.forEach((entry, index) => {
      const field = `spec.listeners[${config?.listenerPlaces[index]}]`;
      const report = (reason: ProblemReason, place: string, sentence: string): void => {
        if (config === undefined) return;
        problems.push({
          object: config.ref,
          reason,
          field: `${field}.${place}`,
          message: messageFor(config.ref, `${field}.${place}`, sentence),
          rule: entry.name,
        });
      };
      if (isForNobody(entry.name)) return;
      // The options' listeners are all of TCP, which shares no ports with UDP.
      const other = entry.protocol === 'UDP' ? undefined : taken.get(entry.port);
      if (other !== undefined) {
        const standing = own.get(entry.name);
        const instead = standing === undefined ? 'is left out' : `has port ${standing.port}, that of the option's`;
        report('PortConflict', 'port', `the option's listener ${quote(other)} has port ${entry.port}, so this one ${instead}; use another`);
        // Who is served on it is as it says.
        if (standing !== undefined) listeners.set(entry.name, listenerOf({ ...entry, ...portsOf(standing) }, options));
      } else {
        const listener = listenerOf(entry, options);
        listeners.set(listener.key, listener);
        const lacking = front === undefined ? undefined : publicationLack(front, listener, true);
        if (lacking !== undefined) report('NotPublished', 'port', lacking);
      }
    });
    this.#listeners = keepEntries(this.#listeners, listeners);
    return { listeners: this.#listeners, problems };
  }
}

const portsOf = ({ port, publishedPort }: Listener): Pick<Listener, 'port' | 'publishedPort'> => ({ port, publishedPort });

const protocols = { HTTP: 'http', HTTPS: 'https', TCP: 'tcp', UDP: 'udp' } as const;

function listenerOf(
  { name, port, publishedPort, protocol, proxyProtocol, namespaces }: SmartProxyConfigListener,
  options: TranslateDefaults,
): Listener {
  return {
    key: name,
    addresses: options.addresses,
    port,
    publishedPort: publishedPort ?? port,
    protocol: protocols[protocol],
    proxyProtocolFrom: protocol === 'UDP' ? [] : (proxyProtocol?.from ?? options.proxyProtocolFrom),
    ...(namespaces && { namespaces }),
  };
}
