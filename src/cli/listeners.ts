import type { Config } from '../config/config.ts';
import type { Listener } from '../routes/route-table.ts';
import type { BoundAddress } from '../workers/bound-address.ts';

/** The listeners that the configuration asks for. A published port that is not set is the listening one. */
export function listenersOf(config: Config): readonly Listener[] {
  const { addresses, proxyProtocolFrom } = config;
  const listeners: Listener[] = [];
  const add = (key: 'http' | 'https', port: number | undefined, publishedPort: number | undefined) => {
    if (port === undefined) return;
    listeners.push({ key, addresses, port, publishedPort: publishedPort ?? port, protocol: key, proxyProtocolFrom });
  };
  add('http', config.httpPort, config.publishedHttpPort);
  add('https', config.httpsPort, config.publishedHttpsPort);
  return listeners;
}

/** The listeners as clients see them once they are bound: a port that the kernel chose is published as it came out. */
export function withBoundPorts(listeners: readonly Listener[], bound: readonly BoundAddress[]): readonly Listener[] {
  return listeners.map((listener) => {
    const port = bound.find(({ listener: key }) => key === listener.key)?.port ?? listener.port;
    return listener.publishedPort === 0 ? { ...listener, publishedPort: port } : listener;
  });
}
