import type { SmartRouteLoadBalancing, SmartRouteSessionCookie, SmartRouteTcpLoadBalancing } from '../api/generated/smart-route.ts';
import type { HashSource, SessionCookie } from '../routes/route.ts';
import type { Service } from '../routes/service.ts';
import { hashSourceOf } from './hash-source.ts';
import { duration, readAs } from './schema-values.ts';

/** How an endpoint of a backend is chosen. Inherited or replaced as a whole: what is undefined is as the options say. */
export interface BalancingSettings {
  readonly type?: Service['loadBalancing'] | undefined;
  /** With `consistent-hash`; undefined: connections by the client's address, requests by turns. */
  readonly hashBy?: HashSource | undefined;
  readonly maxLoadPercent?: number | undefined;
  readonly sessionCookie?: SessionCookie | undefined;
  readonly slowStartMs?: number | undefined;
}

/** What `loadBalancing` of a forward, or of `defaults`, sets. */
export function balancingOf({ type, hash, sessionCookie, slowStart }: SmartRouteLoadBalancing): BalancingSettings {
  return {
    type: type && types[type],
    hashBy: hash && hashSourceOf(hash),
    maxLoadPercent: hash?.maxLoadPercent,
    ...(sessionCookie && balancingOfSession(sessionCookieOf(sessionCookie))),
    slowStartMs: readAs(duration, slowStart),
  };
}

/** What `tcp.loadBalancing` sets. */
export function balancingOfTcp({ type, slowStart }: SmartRouteTcpLoadBalancing): BalancingSettings {
  return { type: type && types[type], slowStartMs: readAs(duration, slowStart) };
}

/** Sessions in balance are requests with equal cookies. */
export function balancingOfSession(sessionCookie: SessionCookie): BalancingSettings {
  if (sessionCookie.mode !== 'balanced') return { sessionCookie };
  return { sessionCookie, type: 'consistent-hash', hashBy: { kind: 'cookie', name: sessionCookie.name } };
}

/**
 * What connections that nobody reads inherit of what is set for requests: there is no header, cookie or path in them, and a hash of the client's
 * address has no bound.
 */
export function balancingOfConnections(inherited: BalancingSettings | undefined): BalancingSettings | undefined {
  if (inherited === undefined) return undefined;
  const { type, hashBy, slowStartMs } = inherited;
  if (type === 'consistent-hash') return hashBy?.kind === 'client-address' ? { type } : undefined;
  return { type, slowStartMs };
}

function sessionCookieOf({ mode, name, path, domain, maxAge, secure, httpOnly, sameSite }: SmartRouteSessionCookie): SessionCookie {
  const maxAgeMs = readAs(duration, maxAge);
  return {
    ...(mode === 'Balanced' && { mode: 'balanced' }),
    name: name ?? 'smartproxy-session',
    path,
    domain,
    maxAgeSeconds: maxAgeMs === undefined ? undefined : Math.floor(maxAgeMs / 1000),
    secure: sameSite === 'None' ? true : secure,
    httpOnly: httpOnly ?? true,
    sameSite,
  };
}

const types = { RoundRobin: 'round-robin', LeastRequest: 'least-request', ConsistentHash: 'consistent-hash' } as const;
