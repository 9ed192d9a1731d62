import { printable } from '../printable.ts';
import { tableText } from '../table-text.ts';
import { bytesText, countOf, durationText } from '../units.ts';
import type { StatusReport, StatusSource, StatusWorker } from './status-report.ts';

/** The state of a program for people. Pure. */
export function renderStatus(status: StatusReport): string {
  const { table, totals, problems, listeners, workers } = status;
  const errors = totals.byStatusClass['5xx'] ?? 0;
  return [
    `smartproxy-ingress ${status.version} (Node ${status.node})${podText(status)}, up ${durationText(status.uptimeSeconds * 1000)}`,
    ...readyLines(status),
    `Serves ${sourceText(status.source)}`,
    `Table ${table.generation}: ${countOf(table.routes, 'route')} of ${countOf(table.hosts, 'host')}, ${countOf(table.services, 'Service')} with ${countOf(table.endpoints, 'endpoint')}, ${countOf(table.certificates, 'certificate')}`,
    `Problems: ${countOf(problems.errors, 'error')}, ${countOf(problems.warnings, 'warning')}${problems.errors + problems.warnings === 0 ? '' : ' (smartproxy-ingress problems)'}`,
    `Listens on ${listeners.map(({ listener, address, problem }) => `${listener} ${address ?? `(not open: ${problem})`}`).join(', ')}`,
    `Requests ${totals.requests}, ${errors} of them answered 5xx; connections ${totals.connectionsActive} open of ${totals.connectionsAccepted}; ${bytesText(totals.bytesReceived)} received, ${bytesText(totals.bytesSent)} sent`,
    `Changes over the admin port: ${status.admin.canChange ? 'for who has the token' : 'none'}`,
    '',
    tableText(['WORKER', 'PID', 'STATE', 'TABLE', 'CONNECTIONS', 'MEMORY', 'LOOP DELAY', 'OVERLOAD', 'RESTARTS'], workers.map(workerRow)),
  ]
    .map(printable)
    .join('\n');
}

function podText({ pod }: StatusReport): string {
  return pod === undefined ? '' : `, pod ${pod.namespace}/${pod.name}`;
}

function readyLines({ ready, troubles }: StatusReport): readonly string[] {
  const lines = troubles.map(({ part, keepsFromReady, reason, message }) => {
    const mark = keepsFromReady ? 'not ready' : 'degraded';
    return `  ${mark}: ${part}: ${reason}: ${message}`;
  });
  return [ready ? 'Ready' : 'Not ready', ...lines];
}

function sourceText(source: StatusSource): string {
  if (source.kind === 'manifests') return `the manifests in ${source.folder}`;
  return `the class ${source.ingressClass} of a cluster, ${source.leader ? 'as the leader' : 'not as the leader'}`;
}

function workerRow({ id, pid, state, generation, connections, rssBytes, eventLoopDelayMs, overload, restarts }: StatusWorker): string[] {
  return [
    String(id),
    String(pid ?? '-'),
    state,
    String(generation),
    String(connections),
    rssBytes === undefined ? '-' : bytesText(rssBytes),
    eventLoopDelayMs === undefined ? '-' : `${eventLoopDelayMs} ms`,
    overload,
    String(restarts),
  ];
}
