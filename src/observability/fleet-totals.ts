import type { HistogramData } from './counters/histogram.ts';
import { connectionOffset, type RequestLabels, requestSeriesWidth } from './counters/request-series.ts';
import { closedIndex, terminationReasons } from './counters/termination-reason.ts';
import { udpEndReasons } from './counters/udp.ts';
import { WorkerCounters, type WorkerTotals } from './counters/worker-counters.ts';
import type { ExemplarStore } from './exemplar-store.ts';
import { addSeriesBlock, type RequestSeriesIndex } from './request-series-index.ts';

/** The counters of one worker as the main process holds them: totals, and a block of request series with their indexes. */
export interface WorkerReport {
  readonly totals: WorkerTotals;
  readonly requestValues: Float64Array;
  /** Index of each series of the block, in a `RequestSeriesIndex`. */
  readonly requestIndexes: readonly number[];
  /** Indexes of series some of whose open connections nobody can count. */
  readonly openUnknown?: readonly number[];
}

/** The counters of all workers, dead ones included, at one moment: what a scrape shows. */
export interface FleetTotals {
  readonly totals: WorkerTotals;
  /** By series index. */
  readonly requestLabels: readonly RequestLabels[];
  readonly requestValues: Float64Array;
  /** Indexes of series some of whose open connections nobody can count: how many are open is not known. */
  readonly openUnknown: ReadonlySet<number>;
  readonly exemplars: ExemplarStore;
  /** Times that a pair of route and Service was refused a series of its own, by a worker or when workers' series were added up. */
  readonly seriesRefused: number;
}

/** Totals with every number at zero. */
function zeroTotals(): WorkerTotals {
  return new WorkerCounters(0).totals();
}

/** A report with nothing counted. */
export function emptyReport(): WorkerReport {
  return { totals: zeroTotals(), requestValues: new Float64Array(0), requestIndexes: [] };
}

/** The sum of `reports`, taken from the same snapshots throughout, so that accepted = active + closed holds in it if it does in each. */
export function sumReports(reports: readonly WorkerReport[], index: RequestSeriesIndex): FleetTotals {
  const { labels, exemplars } = index;
  let totals = zeroTotals();
  const requestValues = new Float64Array(labels.length * requestSeriesWidth);
  for (const report of reports) {
    totals = addTotals(totals, report.totals);
    addSeriesBlock(requestValues, report.requestValues, report.requestIndexes);
  }
  const openUnknown = new Set(reports.flatMap((report) => report.openUnknown ?? []));
  return { totals, requestLabels: labels, requestValues, openUnknown, exemplars, seriesRefused: totals.seriesRefused + index.refused };
}

/** What is left of a worker that died: its totals stay, its open connections are closed as `worker_lost`, its gauges are zero. */
export function lostWorker(report: WorkerReport): WorkerReport {
  const { totals } = report;
  const connectionsClosed = totals.connectionsClosed.slice();
  const lost = closedIndex('proxy', 'worker_lost');
  connectionsClosed[lost] = (connectionsClosed[lost] ?? 0) + totals.connectionsActive;
  const upgradesClosed = totals.upgradesClosed.slice();
  const upgradesLost = terminationReasons.indexOf('worker_lost');
  upgradesClosed[upgradesLost] = (upgradesClosed[upgradesLost] ?? 0) + totals.upgradesActive;
  const udpSessionsClosed = totals.udpSessionsClosed.slice();
  const udpLost = udpEndReasons.indexOf('worker_lost');
  udpSessionsClosed[udpLost] = (udpSessionsClosed[udpLost] ?? 0) + totals.udpSessionsActive;
  return {
    ...report,
    requestValues: withoutOpenConnections(report.requestValues),
    totals: {
      ...totals,
      connectionsClosed,
      connectionsActive: 0,
      upgradesClosed,
      upgradesActive: 0,
      udpSessionsClosed,
      udpSessionsActive: 0,
      connectionsByState: totals.connectionsByState.map(() => 0),
      connectedClients: 0,
      portProxyConnections: 0,
      tlsTerminatedConnections: 0,
      tlsHandshakesActive: 0,
      tlsHandshakesWaiting: 0,
      tlsContexts: 0,
      upstreamIdle: 0,
      upstreamActive: 0,
      upstreamConnecting: 0,
      upstreamEjected: 0,
      upstreamUnhealthy: 0,
      upstreamPanicking: 0,
      bufferedBytes: 0,
      rateLimitBuckets: 0,
      encoderBytes: 0,
      redisConnected: 0,
      routeBufferBytes: 0,
    },
  };
}

/** A block of series whose open connections have ended. */
function withoutOpenConnections(block: Float64Array): Float64Array {
  const values = block.slice();
  for (let at = connectionOffset; at < values.length; at += requestSeriesWidth) values[at + 1] = values[at] as number;
  return values;
}

/** Two dead workers' reports as one, so that restarts do not add up in memory. */
export function foldReports(a: WorkerReport, b: WorkerReport, seriesCount: number): WorkerReport {
  const requestValues = new Float64Array(seriesCount * requestSeriesWidth);
  addSeriesBlock(requestValues, a.requestValues, a.requestIndexes);
  addSeriesBlock(requestValues, b.requestValues, b.requestIndexes);
  return { totals: addTotals(a.totals, b.totals), requestValues, requestIndexes: Array.from({ length: seriesCount }, (_, index) => index) };
}

function addTotals(a: WorkerTotals, b: WorkerTotals): WorkerTotals {
  return {
    connectionsAccepted: a.connectionsAccepted + b.connectionsAccepted,
    connectionsActive: a.connectionsActive + b.connectionsActive,
    connectionsByState: addLists(a.connectionsByState, b.connectionsByState),
    connectionsPassedThrough: a.connectionsPassedThrough + b.connectionsPassedThrough,
    bridged: addLists(a.bridged, b.bridged),
    requestsByProtocol: addLists(a.requestsByProtocol, b.requestsByProtocol),
    upgrades: a.upgrades + b.upgrades,
    upgradesActive: a.upgradesActive + b.upgradesActive,
    upgradesClosed: addLists(a.upgradesClosed, b.upgradesClosed),
    seriesRefused: a.seriesRefused + b.seriesRefused,
    connectionsClosed: addLists(a.connectionsClosed, b.connectionsClosed),
    connectionDuration: addHistograms(a.connectionDuration, b.connectionDuration),
    bytesReceived: a.bytesReceived + b.bytesReceived,
    bytesSent: a.bytesSent + b.bytesSent,
    connectedClients: a.connectedClients + b.connectedClients,
    portProxyConnections: a.portProxyConnections + b.portProxyConnections,
    tlsTerminatedConnections: a.tlsTerminatedConnections + b.tlsTerminatedConnections,
    tlsTerminated: a.tlsTerminated + b.tlsTerminated,
    tlsContextsMade: a.tlsContextsMade + b.tlsContextsMade,
    tlsHandshakes: addLists(a.tlsHandshakes, b.tlsHandshakes),
    tlsHandshakeLimit: addLists(a.tlsHandshakeLimit, b.tlsHandshakeLimit),
    tlsHandshakesActive: a.tlsHandshakesActive + b.tlsHandshakesActive,
    tlsHandshakesWaiting: a.tlsHandshakesWaiting + b.tlsHandshakesWaiting,
    tlsContexts: a.tlsContexts + b.tlsContexts,
    responsesByFlag: addLists(a.responsesByFlag, b.responsesByFlag),
    http1LimitHits: addLists(a.http1LimitHits, b.http1LimitHits),
    http2LimitHits: addLists(a.http2LimitHits, b.http2LimitHits),
    upstreamLimitHits: addLists(a.upstreamLimitHits, b.upstreamLimitHits),
    grpcResponses: addLists(a.grpcResponses, b.grpcResponses),
    overloadActions: addLists(a.overloadActions, b.overloadActions),
    auth: addLists(a.auth, b.auth),
    keyFetches: a.keyFetches + b.keyFetches,
    keyFetchFailures: a.keyFetchFailures + b.keyFetchFailures,
    authCacheHits: a.authCacheHits + b.authCacheHits,
    authCacheMisses: a.authCacheMisses + b.authCacheMisses,
    tokenCacheHits: a.tokenCacheHits + b.tokenCacheHits,
    tokenCacheMisses: a.tokenCacheMisses + b.tokenCacheMisses,
    bufferedBytes: a.bufferedBytes + b.bufferedBytes,
    udpSessionsOpened: a.udpSessionsOpened + b.udpSessionsOpened,
    udpSessionsActive: a.udpSessionsActive + b.udpSessionsActive,
    udpSessionsClosed: addLists(a.udpSessionsClosed, b.udpSessionsClosed),
    udpDatagramsReceived: a.udpDatagramsReceived + b.udpDatagramsReceived,
    udpDatagramsSent: a.udpDatagramsSent + b.udpDatagramsSent,
    udpBytesReceived: a.udpBytesReceived + b.udpBytesReceived,
    udpBytesSent: a.udpBytesSent + b.udpBytesSent,
    udpDropped: addLists(a.udpDropped, b.udpDropped),
    upstreamIdle: a.upstreamIdle + b.upstreamIdle,
    upstreamActive: a.upstreamActive + b.upstreamActive,
    upstreamConnecting: a.upstreamConnecting + b.upstreamConnecting,
    upstreamEjected: a.upstreamEjected + b.upstreamEjected,
    upstreamUnhealthy: a.upstreamUnhealthy + b.upstreamUnhealthy,
    upstreamPanicking: a.upstreamPanicking + b.upstreamPanicking,
    upstreamConnects: a.upstreamConnects + b.upstreamConnects,
    upstreamConnectFailures: a.upstreamConnectFailures + b.upstreamConnectFailures,
    upstreamRetries: a.upstreamRetries + b.upstreamRetries,
    upstreamEjections: a.upstreamEjections + b.upstreamEjections,
    healthChecksPassed: a.healthChecksPassed + b.healthChecksPassed,
    healthChecksFailed: a.healthChecksFailed + b.healthChecksFailed,
    zombies: a.zombies + b.zombies,
    accessLogDropped: a.accessLogDropped + b.accessLogDropped,
    rateLimitBuckets: a.rateLimitBuckets + b.rateLimitBuckets,
    rateLimitBucketsLost: a.rateLimitBucketsLost + b.rateLimitBucketsLost,
    compressed: addLists(a.compressed, b.compressed),
    compressionSkipped: addLists(a.compressionSkipped, b.compressionSkipped),
    compressionBytesIn: a.compressionBytesIn + b.compressionBytesIn,
    compressionBytesOut: a.compressionBytesOut + b.compressionBytesOut,
    encoderBytes: a.encoderBytes + b.encoderBytes,
    routeBufferBytes: a.routeBufferBytes + b.routeBufferBytes,
    mirrored: addLists(a.mirrored, b.mirrored),
    spans: addLists(a.spans, b.spans),
    redis: addLists(a.redis, b.redis),
    redisConnected: a.redisConnected + b.redisConnected,
  };
}

function addLists(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, index) => value + (b[index] ?? 0));
}

function addHistograms(a: HistogramData, b: HistogramData): HistogramData {
  return { buckets: addLists(a.buckets, b.buckets), sum: a.sum + b.sum, count: a.count + b.count };
}
