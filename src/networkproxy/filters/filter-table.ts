import { plainAddress } from '../../address-list.ts';
import { isClientAllowed, isClientDenied, isListed } from '../../routes/client-access.ts';
import type { CompiledRoute } from '../../routes/compiled-table.ts';
import type { Policy } from '../../routes/policy.ts';
import type { RedirectTarget } from '../../routes/route.ts';
import type { HostTls } from '../../routes/route-table.ts';
import { admitUnasked } from '../auth/admit-unasked.ts';
import { checkAuth } from '../auth/check-auth.ts';
import { checkClientCertificate } from '../auth/client-certificate.ts';
import type { ClientFacts } from '../client-facts.ts';
import { Cors } from '../cors.ts';
import { clientAddressOf } from '../forwarded-fields.ts';
import { cameSecurely } from '../forwarded-scheme.ts';
import { isGrpcCall } from '../grpc.ts';
import type { RequestHead } from '../http1/message-handler.ts';
import { errorReply, type LocalReply, redirectReply, routeReply, textReply } from '../local-reply.ts';
import { redirectLocation } from '../redirect-location.ts';
import { certificatesCover, certificatesForHost, haveSameKeys } from '../tls/host-certificates.ts';
import type { FilterRequest } from './filter-request.ts';
import type { Later } from './later.ts';
import { rateLimited } from './rate-limit.ts';
import { requestLimited } from './request-limit.ts';

/**
 * What a filter decides by, beside the route and the head of a request: nothing (`request`), the client's address and who is trusted to say
 * it (`client`), or what only a worker at that moment knows: counts, loads, credentials, other servers (`worker`). `explain` asks those of
 * the first two kinds, and says of the others what they ask for.
 */
export type FilterNeeds = 'request' | 'client' | 'worker';

/** Runs for every request, before a route is looked for. A reply ends the request. */
export interface EdgeFilter {
  readonly name: string;
  readonly needs: FilterNeeds;
  /** Why it is there, and why at this place. */
  readonly reason: string;
  check(request: FilterRequest): LocalReply | undefined;
}

/** Runs for requests of the routes that need it. */
export interface Filter {
  readonly name: string;
  readonly needs: FilterNeeds;
  readonly reason: string;
  /** Decided once a route. */
  applies(route: CompiledRoute): boolean;
  /** A reply ends the request; undefined lets it go on to the next filter, and `Later` makes it wait. */
  check(request: FilterRequest, route: CompiledRoute): LocalReply | Later | undefined;
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
    needs: 'worker',
    reason: 'A worker that is out of memory or time does nothing more for new requests; first, so that each costs least.',
    check: ({ context: { overload } }) => {
      if (!overload.isRefusing) return undefined;
      overload.count('refused');
      return { ...errorReply('overload', overload.state.cause), headers: retryLater };
    },
  },
  {
    name: 'misdirected',
    needs: 'request',
    reason:
      'A host whose connections go to backends as a whole, by SNI, is never served on a connection that we decrypted, for another name, for none, or before a change, nor one with a TLS policy (client certificates) on a connection of another, nor a host on an HTTP/2 connection whose certificate does not cover it; first, so that nothing about it is answered.',
    check: ({ head, facts, table }) => {
      if (facts.scheme !== 'https') return undefined;
      const tls = table.findHost(head.host)?.tls;
      const isMisdirected =
        tls?.kind === 'passthrough' ||
        tls?.tcp !== undefined ||
        (tls?.policy?.key ?? '') !== facts.tlsPolicy ||
        (head.version === 20 && isCoalescedWrongly(head.host, tls, facts, table));
      return isMisdirected ? errorReply('misdirected') : undefined;
    },
  },
  {
    name: 'acme_challenge',
    needs: 'request',
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
    needs: 'client',
    reason: 'Before all else: who may not ask learns nothing of the route.',
    applies: (route) => route.policy.clients !== undefined,
    check: ({ head, facts, context }, { policy }) => {
      const address = plainAddress(clientAddressOf(head, facts, context.trustedProxies));
      // Where any suffices, who is not in the list is asked who they are.
      const mayGoOn = policy.satisfyAny === true ? !isClientDenied(policy, address) : isClientAllowed(policy, address);
      return mayGoOn ? undefined : errorReply('client_refused');
    },
  },
  {
    name: 'maintenance',
    needs: 'client',
    reason: 'Before everything but who may not ask at all: while a route is closed, nothing else of it happens.',
    applies: (route) => route.policy.maintenance !== undefined,
    check: ({ head, facts, context }, { policy: { maintenance } }) => {
      if (maintenance === undefined || isListed(maintenance.allow, plainAddress(clientAddressOf(head, facts, context.trustedProxies))))
        return undefined;
      return { ...routeReply(maintenance.answer), flag: 'maintenance' };
    },
  },
  {
    name: 'redirect_https',
    needs: 'request',
    reason:
      'Before everything that reads the request: over plain HTTP such a host says nothing but where to go. 308 keeps method and body.',
    applies: (route) => route.policy.redirectToHttps,
    check: ({ head, facts, table, context }) => {
      // Redirecting the plain hop of a trusted proxy in front that has ended TLS already would loop.
      if (cameSecurely(head, facts, context) || head.path.startsWith(challengePrefix) || head.host === '') return undefined;
      return redirectReply('redirect_https', 308, redirectLocation(toHttps, undefined, { head, facts, table }));
    },
  },
  {
    name: 'rate_limit',
    needs: 'worker',
    reason:
      'Before everything that costs, who asks included: passwords are guessed at a rate too. A redirect to HTTPS is not counted: its second half is.',
    applies: (route) => route.policy.rateLimits !== undefined,
    check: (request, { policy }) => policy.rateLimits && rateLimited(request, policy.rateLimits, policy),
  },
  {
    name: 'request_limit',
    needs: 'worker',
    reason:
      'After the rate, whose refusals take no place; before who asks is found out, which costs and takes its time. The place is held until the answer is over.',
    applies: (route) => route.policy.requestLimits !== undefined,
    check: (request, { policy }) => policy.requestLimits && requestLimited(request, policy.requestLimits),
  },
  {
    name: 'client_certificate',
    needs: 'worker',
    reason:
      'Where a host asks for certificates, nothing is served without; after the redirect, for over plain HTTP there is none. What backends are told of them, clients can not say.',
    applies: (route) => route.policy.clientCertificate !== undefined,
    check: (request, { policy: { clientCertificate } }) => clientCertificate && checkClientCertificate(request, clientCertificate),
  },
  {
    name: 'cors',
    needs: 'request',
    reason: 'A preflight carries no credentials and is not for the backend; after the redirect, which browsers refuse to follow for it.',
    applies: (route) => route.policy.cors !== undefined,
    check: ({ head }, { policy }) => policy.cors && Cors.of(policy.cors).preflight(head),
  },
  {
    name: 'header_limit',
    needs: 'request',
    reason: 'Before a backend is bothered, which may take less of a header than we do.',
    applies: (route) => route.policy.maxRequestHeadBytes !== undefined,
    check: ({ head }, { policy }) =>
      headBytes(head) > (policy.maxRequestHeadBytes ?? 0) ? errorReply('headers_too_large', 'route') : undefined,
  },
  {
    name: 'auth',
    needs: 'worker',
    reason:
      'Who is not let in learns nothing more of the route; after the preflight, which brings no credentials, and before all that costs a backend something.',
    applies: (route) => route.policy.auth !== undefined,
    check: (request, { policy, route }) => {
      const { auth, satisfyAny } = policy;
      if (auth === undefined) return undefined;
      const { head, facts, context } = request;
      // The filter of clients has refused those who are denied.
      if (satisfyAny === true && isClientAllowed(policy, plainAddress(clientAddressOf(head, facts, context.trustedProxies)))) {
        admitUnasked(request, auth);
        return undefined;
      }
      return checkAuth(request, auth, route.key);
    },
  },
  {
    name: 'body_limit',
    needs: 'request',
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
    needs: 'request',
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

/** Bytes of the head as HTTP/1.1 would write it, whatever the client spoke. */
function headBytes({ method, target, headers }: RequestHead): number {
  let bytes = method.length + target.length + ' HTTP/1.1\r\n '.length;
  for (let i = 0; i < headers.length; i += 2) bytes += (headers[i] as string).length + (headers[i + 1] as string).length + ': \r\n'.length;
  return bytes;
}

/** How large the body of a request may be; 0 = no limit. */
export function maxBodyBytes(head: RequestHead, policy: Policy): number {
  return policy.maxRequestBodyBytes > 0 && isGrpcCall(head) ? policy.maxCallBytes : policy.maxRequestBodyBytes;
}

/** The filters that requests of `route` pass, in order. */
export function filtersOf(route: CompiledRoute): readonly Filter[] {
  return filterTable.filter((filter) => filter.applies(route));
}

/**
 * An HTTP/2 client may use a connection for every host that its certificate covers (RFC 9113 section 9.1.1) and that has its TLS policy.
 * Hosts that a connection of their own would show the same certificates are served too, fitting or not: a client
 * that does not check names gets nothing else elsewhere.
 */
function isCoalescedWrongly(host: string, tls: HostTls | undefined, facts: ClientFacts, { table }: FilterRequest['table']): boolean {
  if (facts.serverName === undefined || facts.serverName === host) return false;
  return !certificatesCover(facts.certificates, host) && !haveSameKeys(facts.certificates, certificatesForHost(table, tls));
}
