import { isNetwork } from '../address-list.ts';
import { durationValue } from '../api/annotation-values.ts';
import type { InstallationSettings } from '../routes/route-table.ts';
import { installationKey } from '../routes/route-table.ts';
import { installationTls } from './installation-tls.ts';
import { messageFor, quote } from './problem-list.ts';
import type { SmartProxyConfigReading } from './smart-proxy-config-reading.ts';
import type { Problem } from './translation.ts';

/** The `settings` part of a table. */
export interface SettingsParts {
  readonly settings: ReadonlyMap<string, InstallationSettings>;
  /** Of the SmartProxyConfig. */
  readonly problems: readonly Problem[];
}

const none: SettingsParts = { settings: new Map(), problems: [] };
const logModes = { Off: 'off', All: 'all', Errors: 'errors' } as const;
const logFormats = { JSON: 'json', IngressNginx: 'ingress-nginx' } as const;
const everybody: readonly string[] = ['0.0.0.0/0', '::/0'];

/** What the SmartProxyConfig sets for every connection. An entry that is no network is left out, and told. */
export function installationSettings(config: SmartProxyConfigReading | undefined): SettingsParts {
  const { trustedProxies, drain, limits, tls, accessLog } = config?.spec ?? {};
  if (config === undefined || ((trustedProxies ?? drain ?? limits ?? tls ?? accessLog) === undefined && !config.isClosed)) return none;
  const problems: Problem[] = [];
  const usable = (cidrs: readonly string[] | undefined, field: string): readonly string[] | undefined => {
    for (const cidr of cidrs ?? []) {
      if (isNetwork(cidr)) continue;
      const sentence = `${quote(cidr)} is no address or CIDR, and is left out; correct it`;
      problems.push({ object: config.ref, reason: 'InvalidAddress', field, message: messageFor(config.ref, field, sentence) });
    }
    return cidrs?.filter(isNetwork);
  };
  const { clients, maxConnections, maxConnectionsPerAddress, connectionRate, timeouts } = limits ?? {};
  const allowCidrs = usable(clients?.allow, 'spec.limits.clients.allow');
  const denyCidrs = usable(clients?.deny, 'spec.limits.clients.deny');
  // A list of which nothing is left would let everybody in.
  const isClosed = config.isClosed || (clients?.allow !== undefined && clients.allow.length > 0 && allowCidrs?.length === 0);
  const settings: InstallationSettings = {
    key: installationKey,
    trustedProxies: usable(trustedProxies, 'spec.trustedProxies'),
    drainDelayMs: timeOf(drain?.delay),
    drainTimeoutMs: timeOf(drain?.timeout),
    maxConnections,
    maxConnectionsPerAddress,
    connectionRatePerMinute: connectionRate,
    maxUdpSessions: limits?.maxUdpSessions,
    maxHandshakes: limits?.maxHandshakes,
    maxConnectionLifetimeMs: timeOf(limits?.maxConnectionLifetime),
    keepAliveRequests: limits?.keepAliveRequests,
    firstByteTimeoutMs: timeOf(timeouts?.firstByte),
    handshakeTimeoutMs: timeOf(timeouts?.handshake),
    headerTimeoutMs: timeOf(timeouts?.header),
    bodyTimeoutMs: timeOf(timeouts?.body),
    keepAliveTimeoutMs: timeOf(timeouts?.keepAlive),
    allowCidrs,
    denyCidrs: isClosed ? everybody : denyCidrs,
    tlsMinVersion: tls && installationTls(config).minVersion,
    ticketKeyRotationMs: timeOf(tls?.ticketKeyRotation),
    accessLogMode: accessLog?.mode && logModes[accessLog.mode],
    accessLogFormat: accessLog?.format && logFormats[accessLog.format],
  };
  return { settings: new Map([[installationKey, settings]]), problems };
}

const duration = durationValue(0);

/** The schema has let through only what can be read. */
function timeOf(text: string | undefined): number | undefined {
  const parsed = text === undefined ? undefined : duration.parse(text);
  return parsed?.kind === 'value' ? parsed.value : undefined;
}
