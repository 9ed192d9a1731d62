import type { AuthPolicy } from '../routes/auth-policy.ts';
import type { Certificate } from '../routes/route-table.ts';
import { noNeeds, type PolicyNeeds } from './host-claim.ts';

/**
 * What `defaults` of the installation make of the Secrets that they name: read once, and told by the SmartProxyConfig alone. The same
 * reference while nothing of it changes.
 */
export interface InstallationGuards {
  readonly auth: AuthReading;
  readonly backendTls: InstallationBackendTls;
}

/** What becomes of who may ask: a policy with what it names, or why nobody may be let in, as a sentence. */
export type AuthReading = { readonly policy: AuthPolicy | undefined; readonly needs: PolicyNeeds } | { readonly broken: string };

export const nobodyAsked: AuthReading = { policy: undefined, needs: noNeeds };

export interface InstallationBackendTls {
  /** PEM. */
  readonly ca: string | undefined;
  readonly clientCertificate: Certificate | undefined;
  /** Why nobody who inherits one of them may speak TLS to a backend: it is asked for and can't be had. */
  readonly broken: { readonly ca?: string | undefined; readonly clientCertificate?: string | undefined };
}

/** Without `defaults`. */
export const noGuards: InstallationGuards = { auth: nobodyAsked, backendTls: { ca: undefined, clientCertificate: undefined, broken: {} } };
