import type { RemoteInfo } from 'node:dgram';
import type { LookupFunction } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { AddressList, plainAddress } from '../../address-list.ts';
import type { Balancers } from '../../balancing/balancers.ts';
import type { EndpointRuntime } from '../../balancing/endpoint-runtime.ts';
import { pickBackend } from '../../balancing/pick-backend.ts';
import { hashText } from '../../balancing/stable-hash.ts';
import type { Config } from '../../config/config.ts';
import type { UdpDropReason, UdpEndReason } from '../../observability/counters/udp.ts';
import type { WorkerCounters } from '../../observability/counters/worker-counters.ts';
import { countAttempt, localRefusal, type RateAttempt } from '../../rates/admit.ts';
import { clientOfAddress } from '../../rates/rate-client.ts';
import type { RateLimiters } from '../../rates/rate-limiters.ts';
import { isClientAllowed, isListed } from '../../routes/client-access.ts';
import type { CompiledTable } from '../../routes/compiled-table.ts';
import { findL4Route } from '../../routes/find-l4-route.ts';
import type { ActiveLimit, RateLimit } from '../../routes/policy.ts';
import type { L4Route } from '../../routes/route.ts';
import { emptyRouteTable, type Listener, type RouteTable } from '../../routes/route-table.ts';
import type { TimerWheel } from '../../timer-wheel.ts';
import { sessionRate } from '../address-rate.ts';
import { type ConnectionFilter, isMeant } from '../connection-filter.ts';
import { connectionSettings } from '../connection-settings.ts';
import { nameOf } from '../direct-routes.ts';
import { objectLimits } from '../object-limits.ts';
import { seriesLabels } from '../series-labels.ts';
import type { ConnectionView } from '../smart-proxy.ts';
import { sessionAttempt } from './session-attempt.ts';
import { UdpPort } from './udp-port.ts';
import { UdpSession, type UdpSessionOwner } from './udp-session.ts';
import { UdpUpstream } from './udp-upstream.ts';

export interface UdpForwarderOptions {
  readonly config: Config;
  readonly counters: WorkerCounters;
  readonly wheel: TimerWheel;
  /** First part of every session's id. */
  readonly idPrefix: string;
  /** The table for datagrams that come now. */
  readonly table: () => CompiledTable;
  readonly balancers: Balancers;
  readonly rates: RateLimiters;
  /** For endpoints with a DNS name. */
  readonly lookup: LookupFunction;
  /** Called once a session at its end, on the wheel's clock; for the access log. */
  readonly onEnded?: ((session: UdpSession, reason: UdpEndReason, nowMs: number) => void) | undefined;
}

/** Sessions that no answer came for are forgotten after this time at the latest: they may be of senders who do not exist. */
const unansweredMs = 10_000;
/** In a drain, who was silent for so long has finished. */
const quietMs = 1000;
const drainLookMs = 100;

/** Moves datagrams between clients and endpoints, by sessions of a client's address and port. */
export class UdpForwarder implements UdpSessionOwner {
  readonly #options: UdpForwarderOptions;
  readonly #counters: WorkerCounters;
  readonly #ports = new Map<string, UdpPort>();
  readonly #sessions = new Map<string, UdpSession>();
  readonly #sessionsByAddress = new Map<string, number>();
  /** For clients of every route. */
  #limits: ClientLimits;
  #lastId = 0;

  constructor(options: UdpForwarderOptions) {
    this.#options = options;
    this.#counters = options.counters;
    this.#limits = clientLimits(options.config, emptyRouteTable);
    this.#counters.gauges.udpSessionsActive = () => this.#sessions.size;
  }

  /** Starts to take datagrams on one address of a listener. Resolves with the port number. @param port as the other workers have it */
  async open(listener: Listener, address: string, port: number): Promise<number> {
    const key = portKey(listener.key, address);
    const opened = await UdpPort.open({ listener, address, onDatagram: this.#onDatagram, onSendError: () => this.sendFailed() }, port);
    this.#ports.get(key)?.close();
    this.#ports.set(key, opened);
    return opened.port;
  }

  /** Ends one address of a listener, or all, with their sessions. */
  close(listenerKey: string, address?: string): void {
    for (const [key, port] of this.#ports) {
      if (port.listener.key !== listenerKey || (address !== undefined && port.address !== address)) continue;
      this.#ports.delete(key);
      for (const session of this.#sessions.values()) if (session.port === port) this.#end(session, 'route_removed');
      port.close();
    }
  }

  /** Ends sessions that the new table has no place for; those of endpoints that have gone find another with their next datagram. */
  tableChanged(previous: CompiledTable, { table }: CompiledTable, removedEndpoints: readonly EndpointRuntime[]): void {
    const sameLimits = table.settings === previous.table.settings;
    if (!sameLimits) this.#limits = clientLimits(this.#options.config, table);
    for (const port of this.#ports.values()) port.listener = table.listeners.get(port.listener.key) ?? port.listener;
    if (this.#sessions.size === 0) return;
    const sameRoutes = table.l4 === previous.table.l4 && table.policies === previous.table.policies;
    if (sameLimits && sameRoutes && removedEndpoints.length === 0) return;
    for (const session of this.#sessions.values()) this.#review(session, table);
  }

  /** Sessions that the filter means, oldest first. */
  sessions(limit: number, filter: ConnectionFilter): readonly ConnectionView[] {
    const { nowMs } = this.#options.wheel;
    const views: ConnectionView[] = [];
    for (const session of this.#sessions.values()) {
      if (views.length >= limit) break;
      const view = viewOf(session, nowMs);
      if (isMeant(filter, view)) views.push(view);
    }
    return views;
  }

  /** Ends sessions by hand; what their clients send next begins others. @returns how many */
  kill(filter: ConnectionFilter): number {
    const { nowMs } = this.#options.wheel;
    const meant = [...this.#sessions.values()].filter((session) => isMeant(filter, viewOf(session, nowMs)));
    for (const session of meant) this.#end(session, 'killed');
    return meant.length;
  }

  /** Goes on until everybody who is here now has been silent for a second, `timeoutMs` at most; then ends everything. */
  async drain(timeoutMs: number): Promise<void> {
    const { wheel } = this.#options;
    const startedMs = wheel.nowMs;
    const isBusy = (): boolean => {
      for (const { openedAtMs, lastActivityMs, isAnswered } of this.#sessions.values())
        if (isAnswered && openedAtMs <= startedMs && wheel.nowMs - lastActivityMs < quietMs) return true;
      return false;
    };
    while (isBusy() && wheel.nowMs - startedMs < timeoutMs) await setTimeout(drainLookMs);
    this.closeAll();
  }

  /** Ends everything at once. */
  closeAll(): void {
    for (const session of this.#sessions.values()) this.#end(session, 'shutdown');
    for (const port of this.#ports.values()) port.close();
    this.#ports.clear();
  }

  answered(session: UdpSession, data: Buffer): void {
    const counters = this.#counters;
    session.lastActivityMs = this.#options.wheel.nowMs;
    if (!session.isAnswered) {
      session.isAnswered = true;
      session.upstream?.endpoint.connectSucceeded();
    }
    if (!session.port.send(data, session.clientPort, session.address)) {
      counters.countUdpDrop('congested');
      return;
    }
    session.sent += data.length;
    if (session.series !== undefined) session.series.bytesSent += data.length;
    counters.udpDatagramsSent++;
    counters.udpBytesSent += data.length;
  }

  unreachable(session: UdpSession): void {
    session.avoid = session.upstream?.endpoint;
    session.upstream = undefined;
  }

  sendFailed(): void {
    this.#counters.countUdpDrop('send_failed');
  }

  silent(session: UdpSession): void {
    const { wheel } = this.#options;
    const leftMs = session.lastActivityMs + this.#idleMsOf(session) - wheel.nowMs;
    if (leftMs > 0) wheel.arm(session, leftMs);
    else this.#end(session, 'idle');
  }

  readonly #onDatagram = (data: Buffer, from: RemoteInfo, port: UdpPort): void => {
    const counters = this.#counters;
    counters.udpDatagramsReceived++;
    counters.udpBytesReceived += data.length;
    const key = `${port.listener.key} ${port.address} ${from.port} ${from.address}`;
    const session = this.#sessions.get(key) ?? this.#begin(key, from, port);
    if (session === undefined) return;
    session.lastActivityMs = this.#options.wheel.nowMs;
    session.received += data.length;
    const upstream = session.upstream ?? this.#connect(session);
    if (session.series !== undefined) session.series.bytesReceived += data.length;
    if (upstream === undefined) counters.countUdpDrop('no_endpoints');
    else if (!upstream.send(data)) counters.countUdpDrop('congested');
  };

  /** A session for a client that has none; undefined: it gets none, and its datagram is dropped. */
  #begin(key: string, { address, port: clientPort }: RemoteInfo, port: UdpPort): UdpSession | undefined {
    const { wheel, table } = this.#options;
    const plain = plainAddress(address);
    const route = findL4Route(table().table, port.listener.key, 'udp', plain);
    const ofAddress = this.#sessionsByAddress.get(plain) ?? 0;
    const limits = route === undefined ? [] : sessionLimitsOf(route);
    const client = limits.length === 0 ? plain : clientOfAddress(plain);
    const policy = route && table().table.policies.get(route.policy);
    const attempt = sessionAttempt(this.#limits.rate, policy, plain);
    const refusal = this.#refusal(route, plain, ofAddress) ?? this.#overLimit(limits, client) ?? this.#overRate(attempt);
    if (route === undefined || refusal !== undefined) {
      this.#counters.countUdpDrop(refusal ?? 'no_route');
      return undefined;
    }
    if (attempt !== undefined) countAttempt(this.#options.rates, attempt);
    const session = new UdpSession(
      this,
      { key, id: `${this.#options.idPrefix}-u${(++this.#lastId).toString(36)}`, port, address, plain, clientPort },
      hashText(`${plain} ${clientPort}`),
      route.key,
      wheel.nowMs,
    );
    if (limits.length > 0) session.places = this.#options.rates.active.take(limits, client);
    session.isLogged = policy?.accessLog !== false;
    this.#sessions.set(key, session);
    this.#sessionsByAddress.set(plain, ofAddress + 1);
    this.#counters.udpSessionsOpened++;
    wheel.arm(session, this.#idleMsOf(session));
    return session;
  }

  #refusal(route: L4Route | undefined, address: string, ofAddress: number): UdpDropReason | undefined {
    if (route === undefined) return 'no_route';
    if (route.kernel !== undefined) return 'nftables_handled';
    if (!this.#letsIn(address, route)) return 'ip_blocked';
    const { maxSessions, perAddress } = this.#limits;
    if (maxSessions > 0 && this.#sessions.size >= maxSessions) return 'session_limit';
    return perAddress > 0 && ofAddress >= perAddress ? 'ip_limit' : undefined;
  }

  #overLimit(limits: readonly ActiveLimit[], client: string): UdpDropReason | undefined {
    const refused = limits.length === 0 ? undefined : this.#options.rates.active.refusal(limits, client);
    if (refused === undefined) return undefined;
    return refused.per === 'route' ? 'route_limit' : 'ip_limit';
  }

  #overRate(attempt: RateAttempt | undefined): UdpDropReason | undefined {
    return attempt !== undefined && localRefusal(this.#options.rates, attempt) !== undefined ? 'rate_limited' : undefined;
  }

  #letsIn(address: string, route: L4Route): boolean {
    const { allow, deny } = this.#limits;
    if (deny.has(address) || !(allow.isEmpty || allow.has(address))) return false;
    const policy = this.#options.table().table.policies.get(route.policy);
    if (policy === undefined || !isClientAllowed(policy, address)) return false;
    return policy.maintenance === undefined || isListed(policy.maintenance.allow, address);
  }

  #connect(session: UdpSession): UdpUpstream | undefined {
    const { balancers, lookup, table } = this.#options;
    const route = table().table.l4.get(session.route);
    const service = route === undefined ? undefined : pickBackend(route.backends, () => session.hash / 2 ** 32)?.service;
    const endpoint = service === undefined ? undefined : balancers.get(service)?.pick(session.avoid, session.hash);
    if (route === undefined || endpoint === undefined) return undefined;
    this.#assign(session, route, endpoint);
    session.isAnswered = false;
    session.upstream = new UdpUpstream(endpoint, session, lookup);
    return session.upstream;
  }

  /** It counts where its datagrams go: with another service it is another's. */
  #assign(session: UdpSession, { source }: L4Route, { key, service }: EndpointRuntime): void {
    session.endpoint = key;
    if (session.service === service) return;
    session.service = service;
    if (session.series !== undefined) session.series.connectionsClosed++;
    session.series = this.#counters.requests.get(seriesLabels(source, service));
    session.series.connectionsOpened++;
  }

  #review(session: UdpSession, table: RouteTable): void {
    const route = findL4Route(table, session.port.listener.key, 'udp', session.plain);
    if (route === undefined || route.kernel !== undefined || route.key !== session.route) this.#end(session, 'route_removed');
    else if (!this.#letsIn(session.plain, route)) this.#end(session, 'ip_blocked');
    else if (session.upstream !== undefined && !isStillRouted(session.upstream.endpoint, route)) {
      session.upstream.close();
      session.upstream = undefined;
    }
  }

  #end(session: UdpSession, reason: UdpEndReason): void {
    this.#options.wheel.disarm(session);
    this.#sessions.delete(session.key);
    const left = (this.#sessionsByAddress.get(session.plain) ?? 1) - 1;
    if (left > 0) this.#sessionsByAddress.set(session.plain, left);
    else this.#sessionsByAddress.delete(session.plain);
    session.upstream?.close();
    session.upstream = undefined;
    if (session.places !== undefined) this.#options.rates.active.release(session.places);
    session.places = undefined;
    if (session.series !== undefined) session.series.connectionsClosed++;
    this.#counters.countUdpEnd(reason);
    this.#options.onEnded?.(session, reason, this.#options.wheel.nowMs);
  }

  #idleMsOf({ route, isAnswered }: UdpSession): number {
    const idleMs = this.#options.table().table.l4.get(route)?.idleTimeoutMs ?? unansweredMs;
    return isAnswered ? idleMs : Math.min(idleMs, unansweredMs);
  }
}

/** The limits of a route's sessions, in all and by address. */
function sessionLimitsOf({ source, maxSessions, maxSessionsPerAddress }: L4Route): readonly ActiveLimit[] {
  return objectLimits(`sessions ${nameOf(source)}`, maxSessions, maxSessionsPerAddress);
}

/** What holds for clients whatever their route. */
interface ClientLimits {
  readonly allow: AddressList;
  readonly deny: AddressList;
  /** Sessions in all, and of one address; 0: no limit. */
  readonly maxSessions: number;
  readonly perAddress: number;
  /** See `sessionRate`. */
  readonly rate: RateLimit | undefined;
}

function clientLimits(config: Config, table: Pick<RouteTable, 'settings'>): ClientLimits {
  const { security, maxUdpSessions } = connectionSettings(config, table);
  const { allowCidrs, denyCidrs, maxConnectionsPerIp, connectionRatePerMinute } = security;
  const lists = { allow: new AddressList(allowCidrs), deny: new AddressList(denyCidrs) };
  return { ...lists, maxSessions: maxUdpSessions, perAddress: maxConnectionsPerIp, rate: sessionRate(connectionRatePerMinute) };
}

/** Whether sessions may stay where they are: with an endpoint that is listed, of a service that the route still has. */
function isStillRouted({ removed, service }: EndpointRuntime, { backends }: L4Route): boolean {
  return !removed && backends.some((backend) => backend.service === service && backend.weight > 0);
}

function viewOf(session: UdpSession, nowMs: number): ConnectionView {
  return {
    id: session.id,
    state: 'udp',
    listener: session.port.listener.key,
    remoteAddress: session.plain,
    remotePort: session.clientPort,
    serverName: undefined,
    route: session.route,
    endpoint: session.upstream?.endpoint.key,
    ageMs: nowMs - session.openedAtMs,
    idleMs: nowMs - session.lastActivityMs,
    bytesReceived: session.received,
    bytesSent: session.sent,
  };
}

function portKey(listenerKey: string, address: string): string {
  return `${listenerKey} ${address}`;
}
