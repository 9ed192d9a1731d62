import assert from 'node:assert/strict';
import { grpcStatuses } from '../../../src/observability/counters/grpc-status.ts';
import { statusClasses } from '../../../src/observability/counters/request-series.ts';
import { type ResponseFlag, responseFlags } from '../../../src/observability/counters/response-flag.ts';
import { CommandMetrics } from '../command-metrics.ts';
import { eventually } from '../eventually.ts';
import type { SoakRun } from './soak-run.ts';

/** Waits until, with nothing in flight, the program has counted exactly what the clients saw. */
export async function untilBooksAgree(run: SoakRun, statusPort: number): Promise<CommandMetrics> {
  return await eventually('the program and its clients count the same', async () => {
    const metrics = await CommandMetrics.scrape(statusPort);
    assert.deepEqual(countedBy(metrics), seenBy(run));
    return metrics;
  });
}

/** The two kinds of 502 are one here: an answer to HEAD does not tell them apart. */
const flagGroups: readonly (readonly ResponseFlag[])[] = [
  ['upstream_reset', 'upstream_connect_failed'],
  ...responseFlags.filter((flag) => flag !== 'upstream_reset' && flag !== 'upstream_connect_failed').map((flag) => [flag]),
];

function countsOfFlags(count: (flag: ResponseFlag) => number): readonly (readonly [string, number])[] {
  return flagGroups.map((group) => [`flag ${group.join(' or ')}`, group.reduce((sum, flag) => sum + count(flag), 0)]);
}

function countsOfCalls(count: (status: string) => number): readonly (readonly [string, number])[] {
  return grpcStatuses.map((status) => [`calls ${status}`, count(status)]);
}

type Counts = Readonly<Record<string, number>>;

/** What the program says. */
function countedBy(metrics: CommandMetrics): Counts {
  const requests = statusClasses.map((each): [string, number] => [
    `requests ${each}`,
    metrics.sum('smartproxy_http_requests_total', { status_class: each }),
  ]);
  return Object.fromEntries([
    ...requests,
    ...countsOfCalls((status) => metrics.sum('networkproxy_grpc_responses_total', { grpc_status: status })),
    ...countsOfFlags((flag) => metrics.sum('networkproxy_responses_total', { flag })),
    ['accepted', metrics.sum('smartproxy_connections_accepted_total')],
    ['active', metrics.sum('smartproxy_connections_active')],
    ['handshakes', metrics.sum('networkproxy_tls_terminated_connections_total')],
    ['zombies', metrics.sum('smartproxy_zombie_cleanups_total')],
    ['broken tables', metrics.sum('smartproxy_table_failures_total')],
  ]);
}

/** What the clients know. */
function seenBy({ books, sockets }: SoakRun): Counts {
  const requests = statusClasses.map((each): [string, number] => [`requests ${each}`, books.byClass[each] ?? 0]);
  return Object.fromEntries([
    ...requests,
    ...countsOfCalls((status) => books.byGrpcStatus[status] ?? 0),
    ...countsOfFlags((flag) => books.byFlag[flag] ?? 0),
    ['accepted', sockets.connected],
    ['active', sockets.open.size],
    ['handshakes', sockets.secured],
    ['zombies', 0],
    ['broken tables', 0],
  ]);
}
