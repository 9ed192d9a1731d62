import type { TlsVersion } from '../routes/route-table.ts';
import type { SmartProxyConfigReading } from './smart-proxy-config-reading.ts';

/** What the installation says of the versions of TLS. */
export interface InstallationTls {
  /** Of hosts whose objects say none. */
  readonly minVersion: TlsVersion;
  /** Older ones are not spoken, whatever an object says. */
  readonly floor: TlsVersion;
}

const intermediate: InstallationTls = { minVersion: 'TLSv1.2', floor: 'TLSv1.2' };
const newestByDefault: InstallationTls = { minVersion: 'TLSv1.3', floor: 'TLSv1.2' };
const modern: InstallationTls = { minVersion: 'TLSv1.3', floor: 'TLSv1.3' };

/** The same reference for the same content. */
export function installationTls(config: SmartProxyConfigReading | undefined): InstallationTls {
  const { profile, minVersion } = config?.spec?.tls ?? {};
  if (profile === 'Modern') return modern;
  return minVersion === 'TLSv1.3' ? newestByDefault : intermediate;
}
