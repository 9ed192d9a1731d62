import { messageOf, SmartProxyError } from '../../errors.ts';
import type { Trouble } from '../troubles.ts';
import { ApiError } from './api-error.ts';
import { describeApiPath, readApiPath } from './api-path.ts';

/** In the words of RBAC. */
export type ApiVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** What OpenSSL and Node say of a certificate that they do not trust. */
const certificateCodes =
  /^(?:ERR_TLS_CERT_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_(?:CA|PURPOSE)|PATH_LENGTH_|HOSTNAME_MISMATCH)/;

/** Why a request failed and what mends it, for whoever runs this program. Pure. @param path of the request, without its query */
export function apiTrouble(error: unknown, verb: ApiVerb, path: string): Trouble {
  const status = error instanceof ApiError ? error.status : 0;
  const why = error instanceof ApiError ? error.reason : messageOf(error);
  const target = readApiPath(path);
  const request = `Cannot ${verb} ${describeApiPath(target)}: ${why}`;
  switch (status) {
    case 0:
      return withoutAnswer(error, why);
    case 401:
      return {
        reason: 'unauthorized',
        message: `Cannot use the API server: ${why}; it does not know these credentials: give a token or certificate of this cluster that has not expired (they are read again at every attempt)`,
      };
    case 403: {
      const { group, resource } = target;
      const kind = group === '' ? resource : `${resource} of API group ${group}`;
      return {
        reason: 'forbidden',
        message: `${request}; allow the verb ${verb} on ${kind} for this account, as the shipped RBAC does (docs/rbac.md)`,
      };
    }
    case 404:
      return isUnknownKind(why)
        ? {
            reason: 'not-served',
            message: `${request}; this API server does not serve ${target.resource} in version ${target.version}: update Kubernetes, switch the API on, or install the CustomResourceDefinition`,
          }
        : { reason: 'missing', message: `${request}; create it, or correct the option that names it` };
    default:
      return { reason: 'failed', message: request };
  }
}

/** A namespace that is on its way out takes no new objects: nobody has to mend that. */
export function isTerminating(error: unknown): boolean {
  return error instanceof ApiError && error.status === 403 && error.reason.includes('is being terminated');
}

function withoutAnswer(error: unknown, why: string): Trouble {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof SmartProxyError && cause.code === 'KUBECONFIG_INVALID') return { reason: 'unauthorized', message: why };
  const code = String((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
  if (certificateCodes.test(code)) {
    return {
      reason: 'certificate-refused',
      message: `Cannot use the API server: its certificate is not trusted, ${why}; give the CA of this cluster as certificate-authority of the kubeconfig, and an address that its certificate names`,
    };
  }
  return {
    reason: 'unreachable',
    message: `Cannot reach the API server: ${why}; check its address, that it runs, and that network policies let this process reach it`,
  };
}

/** Answers about a path that nobody handles, unlike those about an object that is not there. */
function isUnknownKind(why: string): boolean {
  return why.includes('page not found') || why.includes('could not find the requested resource');
}
