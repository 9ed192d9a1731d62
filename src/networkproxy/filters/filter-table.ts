import type { BlockList } from 'node:net';
import { plainAddress } from '../../address-list.ts';
import { isClientAllowed } from '../../routes/client-access.ts';
import type { CompiledRoute, CompiledTable } from '../../routes/compiled-table.ts';
import type { HostTls, Policy, RedirectTarget } from '../../routes/route-table.ts';
import type { ClientFacts } from '../client-facts.ts';
import { Cors } from '../cors.ts';
import { clientAddressOf } from '../forwarded-fields.ts';
import { isGrpcCall } from '../grpc.ts';
import type { RequestHead } from '../http1/message-handler.ts';
import { lastFieldValue } from '../http1/request-lines.ts';
import { errorReply, type LocalReply, redirectReply, routeReply, textReply } from '../local-reply.ts';
import type { OverloadGuard } from '../overload/overload-guard.ts';
import { redirectLocation } from '../redirect-location.ts';
import { certificatesCover, certificatesForHost, haveSameKeys } from '../tls/host-certificates.ts';

/** A request that is being decided. */
export interface FilterRequest {
  readonly head: RequestHead;
  readonly facts: ClientFacts;
  readonly table: CompiledTable;
  readonly overload: OverloadGuard;
  /** Whose word about their own clients is believed. */
  readonly trustedProxies: BlockList;
}

/** Runs for every request, before a route is looked for. A reply ends the request. */
export interface EdgeFilter {
  readonly name: string;
  /** Why it is there, and why at this place. */
  readonly reason: string;
  check(request: FilterRequest): LocalReply | undefined;
}

/** Runs for requests of the routes that need it. */
export interface Filter {
  readonly name: string;
  readonly reason: string;
  /** Decided once a route. */
  applies(route: CompiledRoute): boolean;
  check(request: FilterRequest, route: CompiledRoute): LocalReply | undefined;
}

/** Seconds: no level is left sooner. */
const retryLater = ['retry-after', '5'] as const;

/** Where HTTPS is, all else unchanged. */
const toHttps: RedirectTarget = { scheme: 'https', host: undefined, port: undefined, path: undefined };

const challengePrefix = '/.well-known/acme-challenge/';

/** In the order in which they run. */
export const edgeFilters: readonly EdgeFilter[] = [
  {
    name: 'overload',
    reason: 'A worker that is out of memory or time does nothing more for new requests; first, so that each costs least.',
    check: ({ overload }) => {
      if (!overload.isRefusing) return undefined;
      overload.count('refused');
      return { ...errorReply('overload', overload.state.cause), headers: retryLater };
    },
  },
  {
    name: 'misdirected',
    reason:
      'A host that is passed through by SNI is never served on a connection that we decrypted, for another name, for none, or before a change, nor a host on an HTTP/2 connection whose certificate does not cover it; first, so that nothing about it is answered.',
    check: ({ head, facts, table }) => {
      if (facts.scheme !== 'https') return undefined;
      const tls = table.findHost(head.host)?.tls;
      const isMisdirected = tls?.kind === 'passthrough' || (head.version === 20 && isCoalescedWrongly(head.host, tls, facts, table));
      return isMisdirected ? errorReply('misdirected') : undefined;
    },
  },
  {
    name: 'acme_challenge',
    reason:
      'The CA asks over plain HTTP for any host, also for one without routes; before routes, so that none of them can hide it. Unknown tokens go on: they may belong to a solver behind a route.',
    check: ({ head, facts, table }) => {
      if (facts.scheme !== 'http' || !head.path.startsWith(challengePrefix)) return undefined;
      const challenge = table.table.challenges.get(head.path.slice(challengePrefix.length));
      return challenge === undefined ? undefined : textReply(challenge.keyAuthorization);
    },
  },
];

/** In the order in which they run. */
export const filterTable: readonly Filter[] = [
  {
    name: 'clients',
    reason: 'Before all else: who may not ask learns nothing of the route.',
    applies: (route) => route.policy.clients !== undefined,
    check: ({ head, facts, trustedProxies }, { policy }) =>
      isClientAllowed(policy, plainAddress(clientAddressOf(head, facts, trustedProxies))) ? undefined : errorReply('client_refused'),
  },
  {
    name: 'redirect_https',
    reason:
      'Before everything that reads the request: over plain HTTP such a host says nothing but where to go. 308 keeps method and body.',
    applies: (route) => route.policy.redirectToHttps,
    check: ({ head, facts, table }) => {
      if (facts.scheme !== 'http' || isSecureBefore(head, facts) || head.path.startsWith(challengePrefix) || head.host === '')
        return undefined;
      return redirectReply('redirect_https', 308, redirectLocation(toHttps, undefined, { head, facts, table }));
    },
  },
  {
    name: 'cors',
    reason: 'A preflight carries no credentials and is not for the backend; after the redirect, which browsers refuse to follow for it.',
    applies: (route) => route.policy.cors !== undefined,
    check: ({ head }, { policy }) => policy.cors && Cors.of(policy.cors).preflight(head),
  },
  {
    name: 'body_limit',
    reason:
      'A declared length over the limit is refused before a backend is bothered or the client told to send it; bodies without a length are counted as they come.',
    applies: (route) => route.policy.maxRequestBodyBytes > 0,
    check: ({ head }, { policy }) => {
      const limit = maxBodyBytes(head, policy);
      return head.body.kind === 'length' && limit > 0 && head.body.bytes > limit ? errorReply('body_too_large') : undefined;
    },
  },
  {
    name: 'route_action',
    reason: 'Last: routes that do not forward answer here.',
    applies: (route) => route.route.action.kind !== 'forward',
    check: (request, { route: { action, match } }) => {
      switch (action.kind) {
        case 'redirect':
          return redirectReply('route_redirect', action.status, redirectLocation(action.to, match.path, request));
        case 'respond':
          return routeReply(action);
        case 'block':
          return errorReply('route_blocked');
        case 'fail':
          return errorReply('no_service', action.reason, action.status);
        case 'forward':
          return undefined;
      }
    },
  },
];

/** How large the body of a request may be; 0 = no limit. */
export function maxBodyBytes(head: RequestHead, policy: Policy): number {
  return policy.maxRequestBodyBytes > 0 && isGrpcCall(head) ? policy.maxCallBytes : policy.maxRequestBodyBytes;
}

/** The filters that requests of `route` pass, in order. */
export function filtersOf(route: CompiledRoute): readonly Filter[] {
  return filterTable.filter((filter) => filter.applies(route));
}

/**
 * An HTTP/2 client may use a connection for every host that its certificate covers (RFC 9113 section 9.1.1), since all hosts whose TLS we
 * end have one TLS policy. Hosts that a connection of their own would show the same certificates are served too, fitting or not: a client
 * that does not check names gets nothing else elsewhere.
 */
function isCoalescedWrongly(host: string, tls: HostTls | undefined, facts: ClientFacts, { table }: CompiledTable): boolean {
  if (facts.serverName === undefined || facts.serverName === host) return false;
  return !certificatesCover(facts.certificates, host) && !haveSameKeys(facts.certificates, certificatesForHost(table, tls));
}

/** A trusted proxy in front has ended TLS already: redirecting its plain hop would loop. */
function isSecureBefore(head: RequestHead, facts: ClientFacts): boolean {
  return facts.trusted && lastFieldValue(head.headers, 'x-forwarded-proto') === 'https';
}
