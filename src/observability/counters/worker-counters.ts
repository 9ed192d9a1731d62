import { type AuthKind, type AuthResult, authIndex, authKinds, authResults } from './auth-result.ts';
import { type CompressionSkip, compressionSkips, contentCodings } from './compression.ts';
import { type BridgeTransport, bridgeTransports, connectionActivities, httpProtocols } from './connection-activity.ts';
import { ExemplarBook } from './exemplars.ts';
import { grpcStatuses, grpcStatusIndex } from './grpc-status.ts';
import {
  type HandshakeLimitOutcome,
  type HandshakeResult,
  handshakeIndex,
  handshakeLimitOutcomes,
  handshakeResults,
  tlsVersions,
} from './handshake-result.ts';
import { connectionDurationBounds, Histogram, type HistogramData } from './histogram.ts';
import { type Http1Limit, http1Limits } from './http1-limit.ts';
import { type Http2Limit, http2Limits } from './http2-limit.ts';
import { type MirrorOutcome, mirrorOutcomes } from './mirror.ts';
import { type OverloadAction, type OverloadCause, overloadActions, overloadCauses, overloadIndex } from './overload.ts';
import { type RedisOutcome, redisOutcomes } from './redis-outcome.ts';
import { type RequestSeriesData, RequestSeriesTable } from './request-series.ts';
import { type ResponseFlag, responseFlags } from './response-flag.ts';
import { type SpanOutcome, spanOutcomes } from './span-outcome.ts';
import { connectionSides, type TerminationReason, terminationReasons } from './termination-reason.ts';
import { type UdpDropReason, type UdpEndReason, udpDropReasons, udpEndReasons } from './udp.ts';
import { type UpstreamLimit, upstreamLimits } from './upstream-limit.ts';

/**
 * Everything that one worker counts: plain fields, incremented where it happens and read only at a scrape. Totals only grow; gauges are
 * functions over the set that they speak of, so they can't drift (lesson 16, 25).
 */
export class WorkerCounters {
  connectionsAccepted = 0;
  /** Flat by `closedIndex(side, reason)`. */
  readonly connectionsClosed: number[] = new Array<number>(connectionSides.length * terminationReasons.length).fill(0);
  readonly connectionDuration = new Histogram(connectionDurationBounds);
  /** Wire bytes of closed connections; `liveBytes` adds the open ones at a scrape. */
  bytesReceived = 0;
  bytesSent = 0;
  /** Connections whose bytes go to a backend unread, ever. */
  connectionsPassedThrough = 0;
  /** Connections given to NetworkProxy, by index in `bridgeTransports`. */
  readonly bridged: number[] = new Array<number>(bridgeTransports.length).fill(0);
  /** Finished requests, by index in `httpProtocols`. */
  readonly requestsByProtocol: number[] = new Array<number>(httpProtocols.length).fill(0);
  /** Requests that turned their connection, or their HTTP/2 stream, into a tunnel. */
  upgrades = 0;
  /** Tunnels that ended, by index in `terminationReasons`. */
  readonly upgradesClosed: number[] = new Array<number>(terminationReasons.length).fill(0);
  /** TLS connections that finished a handshake, ever. */
  tlsTerminated = 0;
  /** How often OpenSSL was asked to read certificates. */
  tlsContextsMade = 0;
  /** Flat by `handshakeIndex(version, result)`. */
  readonly tlsHandshakes: number[] = new Array<number>(tlsVersions.length * handshakeResults.length).fill(0);
  /** What the limit of handshakes under way did, by index in `handshakeLimitOutcomes`. */
  readonly tlsHandshakeLimit: number[] = new Array<number>(handshakeLimitOutcomes.length).fill(0);
  /** Responses that we made ourselves, by index in `responseFlags`. */
  readonly responsesByFlag: number[] = new Array<number>(responseFlags.length).fill(0);
  /** Limits of HTTP/1 connections that were hit, by index in `http1Limits`. */
  readonly http1LimitHits: number[] = new Array<number>(http1Limits.length).fill(0);
  /** Limits of HTTP/2 connections that were hit, by index in `http2Limits`. */
  readonly http2LimitHits: number[] = new Array<number>(http2Limits.length).fill(0);
  /** Limits of services that were hit, by index in `upstreamLimits`. */
  readonly upstreamLimitHits: number[] = new Array<number>(upstreamLimits.length).fill(0);
  /** gRPC calls by the status that they ended with, by index in `grpcStatuses`. */
  readonly grpcResponses: number[] = new Array<number>(grpcStatuses.length).fill(0);
  /** What was done against overload, flat by `overloadIndex(action, cause)`. */
  readonly overloadActions: number[] = new Array<number>(overloadActions.length * overloadCauses.length).fill(0);
  /** Requests that had to say who they are from, flat by `authIndex(kind, result)`. */
  readonly auth: number[] = new Array<number>(authKinds.length * authResults.length).fill(0);
  /** Key sets of issuers of tokens that came, and those that did not. */
  keyFetches = 0;
  keyFetchFailures = 0;
  /** Questions to servers that decide which an answer that was kept has saved, and those that it might have. */
  authCacheHits = 0;
  authCacheMisses = 0;
  /** Requests with a token, by whether it was known to be valid. */
  tokenCacheHits = 0;
  tokenCacheMisses = 0;
  udpSessionsOpened = 0;
  /** By index in `udpEndReasons`. */
  readonly udpSessionsClosed: number[] = new Array<number>(udpEndReasons.length).fill(0);
  /** From clients, whatever became of them, and to clients. */
  udpDatagramsReceived = 0;
  udpDatagramsSent = 0;
  /** Payload alone. */
  udpBytesReceived = 0;
  udpBytesSent = 0;
  /** By index in `udpDropReasons`. */
  readonly udpDropped: number[] = new Array<number>(udpDropReasons.length).fill(0);
  /** Connections to backends that were established. */
  upstreamConnects = 0;
  upstreamConnectFailures = 0;
  upstreamRetries = 0;
  upstreamEjections = 0;
  healthChecksPassed = 0;
  healthChecksFailed = 0;
  /** Answers that were compressed, by index in `contentCodings`. */
  readonly compressed: number[] = new Array<number>(contentCodings.length).fill(0);
  /** By index in `compressionSkips`. */
  readonly compressionSkipped: number[] = new Array<number>(compressionSkips.length).fill(0);
  /** Bytes of compressed answers before and after. */
  compressionBytesIn = 0;
  compressionBytesOut = 0;
  /** Copies of requests, by index in `mirrorOutcomes`. */
  readonly mirrored: number[] = new Array<number>(mirrorOutcomes.length).fill(0);
  /** Questions to Redis, by index in `redisOutcomes`. */
  readonly redis: number[] = new Array<number>(redisOutcomes.length).fill(0);
  /** By index in `spanOutcomes`. */
  readonly spans: number[] = new Array<number>(spanOutcomes.length).fill(0);
  /** Buckets of rate limits that were given up before they were full: too many clients at a time. */
  rateLimitBucketsLost = 0;
  /** Records that the periodic sweep had to close: every one is a bug. */
  zombies = 0;
  readonly requests: RequestSeriesTable;
  readonly exemplars = new ExemplarBook();
  readonly gauges: WorkerGauges = {
    connectionsActive: () => 0,
    connectionsByState: () => connectionActivities.map(() => 0),
    liveBytes: () => ({ received: 0, sent: 0 }),
    connectedClients: () => 0,
    portProxyConnections: () => 0,
    upgradesActive: () => 0,
    tlsTerminatedConnections: () => 0,
    tlsHandshakesActive: () => 0,
    tlsHandshakesWaiting: () => 0,
    tlsContexts: () => 0,
    udpSessionsActive: () => 0,
    upstreamIdle: () => 0,
    upstreamActive: () => 0,
    upstreamConnecting: () => 0,
    upstreamEjected: () => 0,
    upstreamUnhealthy: () => 0,
    upstreamPanicking: () => 0,
    bufferedBytes: () => 0,
    accessLogDropped: () => 0,
    rateLimitBuckets: () => 0,
    encoderBytes: () => 0,
    redisConnected: () => 0,
    routeBufferBytes: () => 0,
  };

  /** @param routeSeriesCap most (route, service) series kept apart, default 2,000 */
  constructor(routeSeriesCap = 2000) {
    this.requests = new RequestSeriesTable(routeSeriesCap);
  }

  countFlag(flag: ResponseFlag): void {
    (this.responsesByFlag[responseFlags.indexOf(flag)] as number)++;
  }

  countHttp1Limit(limit: Http1Limit): void {
    (this.http1LimitHits[http1Limits.indexOf(limit)] as number)++;
  }

  countHttp2Limit(limit: Http2Limit): void {
    (this.http2LimitHits[http2Limits.indexOf(limit)] as number)++;
  }

  countUpstreamLimit(limit: UpstreamLimit): void {
    (this.upstreamLimitHits[upstreamLimits.indexOf(limit)] as number)++;
  }

  countGrpc(status: string): void {
    (this.grpcResponses[grpcStatusIndex(status)] as number)++;
  }

  countCompressed(coding: (typeof contentCodings)[number]): void {
    (this.compressed[contentCodings.indexOf(coding)] as number)++;
  }

  countCompressionSkip(skip: CompressionSkip): void {
    (this.compressionSkipped[compressionSkips.indexOf(skip)] as number)++;
  }

  countMirror(outcome: MirrorOutcome): void {
    (this.mirrored[mirrorOutcomes.indexOf(outcome)] as number)++;
  }

  countSpans(outcome: SpanOutcome, spans: number): void {
    (this.spans[spanOutcomes.indexOf(outcome)] as number) += spans;
  }

  countRedis(outcome: RedisOutcome): void {
    (this.redis[redisOutcomes.indexOf(outcome)] as number)++;
  }

  countBridged(transport: BridgeTransport): void {
    (this.bridged[bridgeTransports.indexOf(transport)] as number)++;
  }

  /** @param version 10, 11 or 20 */
  countProtocol(version: 10 | 11 | 20): void {
    (this.requestsByProtocol[version === 20 ? 2 : version === 11 ? 1 : 0] as number)++;
  }

  countUpgradeEnd(reason: TerminationReason): void {
    (this.upgradesClosed[terminationReasons.indexOf(reason)] as number)++;
  }

  countHandshake(version: string | null, result: HandshakeResult): void {
    (this.tlsHandshakes[handshakeIndex(version, result)] as number)++;
  }

  countHandshakeLimit(outcome: HandshakeLimitOutcome): void {
    (this.tlsHandshakeLimit[handshakeLimitOutcomes.indexOf(outcome)] as number)++;
  }

  countOverload(action: OverloadAction, cause: OverloadCause): void {
    (this.overloadActions[overloadIndex(action, cause)] as number)++;
  }

  countAuth(kind: AuthKind, result: AuthResult): void {
    (this.auth[authIndex(kind, result)] as number)++;
  }

  countUdpEnd(reason: UdpEndReason): void {
    (this.udpSessionsClosed[udpEndReasons.indexOf(reason)] as number)++;
  }

  countUdpDrop(reason: UdpDropReason): void {
    (this.udpDropped[udpDropReasons.indexOf(reason)] as number)++;
  }

  /** One consistent picture, taken in one tick. */
  snapshot(): WorkerSnapshot {
    return { ...this.totals(), requests: this.requests.data() };
  }

  /** The same without the request series, which travel as one block of numbers. */
  totals(): WorkerTotals {
    const live = this.gauges.liveBytes();
    return {
      connectionsAccepted: this.connectionsAccepted,
      connectionsActive: this.gauges.connectionsActive(),
      connectionsByState: this.gauges.connectionsByState(),
      connectionsPassedThrough: this.connectionsPassedThrough,
      bridged: this.bridged.slice(),
      requestsByProtocol: this.requestsByProtocol.slice(),
      upgrades: this.upgrades,
      upgradesActive: this.gauges.upgradesActive(),
      upgradesClosed: this.upgradesClosed.slice(),
      seriesRefused: this.requests.refused,
      connectionsClosed: this.connectionsClosed.slice(),
      connectionDuration: this.connectionDuration.data(),
      bytesReceived: this.bytesReceived + live.received,
      bytesSent: this.bytesSent + live.sent,
      connectedClients: this.gauges.connectedClients(),
      portProxyConnections: this.gauges.portProxyConnections(),
      tlsTerminatedConnections: this.gauges.tlsTerminatedConnections(),
      tlsTerminated: this.tlsTerminated,
      tlsContextsMade: this.tlsContextsMade,
      tlsHandshakes: this.tlsHandshakes.slice(),
      tlsHandshakeLimit: this.tlsHandshakeLimit.slice(),
      tlsHandshakesActive: this.gauges.tlsHandshakesActive(),
      tlsHandshakesWaiting: this.gauges.tlsHandshakesWaiting(),
      tlsContexts: this.gauges.tlsContexts(),
      responsesByFlag: this.responsesByFlag.slice(),
      http1LimitHits: this.http1LimitHits.slice(),
      http2LimitHits: this.http2LimitHits.slice(),
      upstreamLimitHits: this.upstreamLimitHits.slice(),
      grpcResponses: this.grpcResponses.slice(),
      overloadActions: this.overloadActions.slice(),
      auth: this.auth.slice(),
      keyFetches: this.keyFetches,
      keyFetchFailures: this.keyFetchFailures,
      authCacheHits: this.authCacheHits,
      authCacheMisses: this.authCacheMisses,
      tokenCacheHits: this.tokenCacheHits,
      tokenCacheMisses: this.tokenCacheMisses,
      bufferedBytes: this.gauges.bufferedBytes(),
      udpSessionsOpened: this.udpSessionsOpened,
      udpSessionsActive: this.gauges.udpSessionsActive(),
      udpSessionsClosed: this.udpSessionsClosed.slice(),
      udpDatagramsReceived: this.udpDatagramsReceived,
      udpDatagramsSent: this.udpDatagramsSent,
      udpBytesReceived: this.udpBytesReceived,
      udpBytesSent: this.udpBytesSent,
      udpDropped: this.udpDropped.slice(),
      upstreamIdle: this.gauges.upstreamIdle(),
      upstreamActive: this.gauges.upstreamActive(),
      upstreamConnecting: this.gauges.upstreamConnecting(),
      upstreamEjected: this.gauges.upstreamEjected(),
      upstreamUnhealthy: this.gauges.upstreamUnhealthy(),
      upstreamPanicking: this.gauges.upstreamPanicking(),
      upstreamConnects: this.upstreamConnects,
      upstreamConnectFailures: this.upstreamConnectFailures,
      upstreamRetries: this.upstreamRetries,
      upstreamEjections: this.upstreamEjections,
      healthChecksPassed: this.healthChecksPassed,
      healthChecksFailed: this.healthChecksFailed,
      zombies: this.zombies,
      accessLogDropped: this.gauges.accessLogDropped(),
      rateLimitBuckets: this.gauges.rateLimitBuckets(),
      rateLimitBucketsLost: this.rateLimitBucketsLost,
      compressed: this.compressed.slice(),
      compressionSkipped: this.compressionSkipped.slice(),
      compressionBytesIn: this.compressionBytesIn,
      compressionBytesOut: this.compressionBytesOut,
      encoderBytes: this.gauges.encoderBytes(),
      routeBufferBytes: this.gauges.routeBufferBytes(),
      mirrored: this.mirrored.slice(),
      spans: this.spans.slice(),
      redis: this.redis.slice(),
      redisConnected: this.gauges.redisConnected(),
    };
  }
}

/** Read at a scrape; each owner sets its own when it is made. */
export interface WorkerGauges {
  connectionsActive: () => number;
  /** By index in `connectionActivities`. */
  connectionsByState: () => readonly number[];
  /** Wire bytes of the open connections. */
  liveBytes: () => { readonly received: number; readonly sent: number };
  connectedClients: () => number;
  portProxyConnections: () => number;
  upgradesActive: () => number;
  tlsTerminatedConnections: () => number;
  tlsHandshakesActive: () => number;
  tlsHandshakesWaiting: () => number;
  /** Contexts of certificates that are kept. */
  tlsContexts: () => number;
  udpSessionsActive: () => number;
  upstreamIdle: () => number;
  upstreamActive: () => number;
  upstreamConnecting: () => number;
  /** Endpoints that are ejected. */
  upstreamEjected: () => number;
  /** Endpoints that their health checks keep out of rotation. */
  upstreamUnhealthy: () => number;
  /** Services whose endpoints are all out of rotation. */
  upstreamPanicking: () => number;
  /** Bytes that wait for peers which do not take them. */
  bufferedBytes: () => number;
  /** Lines that were dropped, ever: a total that its owner counts. */
  accessLogDropped: () => number;
  /** Clients whose rate is remembered. */
  rateLimitBuckets: () => number;
  /** Memory of compression under way, estimated. */
  encoderBytes: () => number;
  /** 1: connected to Redis. */
  redisConnected: () => number;
  /** Bytes that routes ask to be held. */
  routeBufferBytes: () => number;
}

/** A worker's counters as plain data. */
export interface WorkerSnapshot extends WorkerTotals {
  readonly requests: readonly RequestSeriesData[];
}

/** A worker's counters but for its request series. */
export interface WorkerTotals {
  readonly connectionsAccepted: number;
  readonly connectionsActive: number;
  readonly connectionsByState: readonly number[];
  readonly connectionsPassedThrough: number;
  readonly bridged: readonly number[];
  readonly requestsByProtocol: readonly number[];
  readonly upgrades: number;
  readonly upgradesActive: number;
  readonly upgradesClosed: readonly number[];
  readonly seriesRefused: number;
  readonly connectionsClosed: readonly number[];
  readonly connectionDuration: HistogramData;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly connectedClients: number;
  readonly portProxyConnections: number;
  readonly tlsTerminatedConnections: number;
  readonly tlsTerminated: number;
  readonly tlsContextsMade: number;
  readonly tlsHandshakes: readonly number[];
  readonly tlsHandshakeLimit: readonly number[];
  readonly tlsHandshakesActive: number;
  readonly tlsHandshakesWaiting: number;
  readonly tlsContexts: number;
  readonly responsesByFlag: readonly number[];
  readonly http1LimitHits: readonly number[];
  readonly http2LimitHits: readonly number[];
  readonly upstreamLimitHits: readonly number[];
  readonly grpcResponses: readonly number[];
  readonly overloadActions: readonly number[];
  readonly auth: readonly number[];
  readonly keyFetches: number;
  readonly keyFetchFailures: number;
  readonly authCacheHits: number;
  readonly authCacheMisses: number;
  readonly tokenCacheHits: number;
  readonly tokenCacheMisses: number;
  readonly bufferedBytes: number;
  readonly udpSessionsOpened: number;
  readonly udpSessionsActive: number;
  readonly udpSessionsClosed: readonly number[];
  readonly udpDatagramsReceived: number;
  readonly udpDatagramsSent: number;
  readonly udpBytesReceived: number;
  readonly udpBytesSent: number;
  readonly udpDropped: readonly number[];
  readonly upstreamIdle: number;
  readonly upstreamActive: number;
  readonly upstreamConnecting: number;
  readonly upstreamEjected: number;
  readonly upstreamUnhealthy: number;
  readonly upstreamPanicking: number;
  readonly upstreamConnects: number;
  readonly upstreamConnectFailures: number;
  readonly upstreamRetries: number;
  readonly upstreamEjections: number;
  readonly healthChecksPassed: number;
  readonly healthChecksFailed: number;
  readonly zombies: number;
  readonly accessLogDropped: number;
  readonly rateLimitBuckets: number;
  readonly rateLimitBucketsLost: number;
  readonly compressed: readonly number[];
  readonly compressionSkipped: readonly number[];
  readonly compressionBytesIn: number;
  readonly compressionBytesOut: number;
  readonly encoderBytes: number;
  readonly routeBufferBytes: number;
  readonly mirrored: readonly number[];
  readonly spans: readonly number[];
  readonly redis: readonly number[];
  readonly redisConnected: number;
}
