import type { AnnotationValues } from '../api/annotations.ts';
import type { SessionCookie } from '../routes/route.ts';
import { type BalancingSettings, balancingOfSession } from './balancing-settings.ts';

/** How an Ingress has its endpoints chosen; undefined: no annotation is about it. */
export function balancingOfAnnotations(values: AnnotationValues): BalancingSettings | undefined {
  const { upstreamHashBy, loadBalance, affinity } = values;
  if (upstreamHashBy === undefined && loadBalance === undefined && affinity === undefined) return undefined;
  return {
    type: upstreamHashBy === undefined ? loadBalance : 'consistent-hash',
    hashBy: upstreamHashBy,
    ...(affinity && balancingOfSession(sessionCookieOf(values))),
  };
}

/** In nginx's ways: its name, and for a browser that would refuse the cookie otherwise `Secure`. */
function sessionCookieOf(values: AnnotationValues): SessionCookie {
  const sameSite = values.sessionCookieSameSite;
  const maxAgeMs = values.sessionCookieMaxAge ?? values.sessionCookieExpires;
  return {
    ...(values.affinityMode === 'balanced' && { mode: 'balanced' }),
    name: values.sessionCookieName ?? 'INGRESSCOOKIE',
    path: values.sessionCookiePath,
    domain: values.sessionCookieDomain,
    maxAgeSeconds: maxAgeMs === undefined ? undefined : Math.floor(maxAgeMs / 1000),
    secure: values.sessionCookieSecure === true || sameSite === 'None' ? true : undefined,
    httpOnly: true,
    sameSite,
  };
}
