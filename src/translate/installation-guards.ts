import type { Certificate } from '../routes/route-table.ts';

/**
 * What `defaults` of the installation make of the Secrets that they name: read once, and told by the SmartProxyConfig alone. The same
 * reference while nothing of it changes.
 */
export interface InstallationGuards {
  readonly backendTls: InstallationBackendTls;
}

export interface InstallationBackendTls {
  /** PEM. */
  readonly ca: string | undefined;
  readonly clientCertificate: Certificate | undefined;
  /** Why nobody who inherits one of them may speak TLS to a backend: it is asked for and can't be had. */
  readonly broken: { readonly ca?: string | undefined; readonly clientCertificate?: string | undefined };
}

/** Without `defaults`. */
export const noGuards: InstallationGuards = { backendTls: { ca: undefined, clientCertificate: undefined, broken: {} } };
