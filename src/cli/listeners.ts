import type { Config } from '../config/config.ts';
import type { Listener } from '../routes/route-table.ts';

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
