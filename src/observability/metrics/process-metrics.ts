import type { MetricSource } from '../metric-source.ts';
import type { ProcessFacts } from '../process-probe.ts';
import { type MetricSpec, type Sample, samplesOf } from './metric-spec.ts';

/** What runs, what it was told, and what each of its processes uses. */
export const processMetrics: readonly MetricSpec[] = [
  {
    name: 'smartproxy_build_info',
    type: 'gauge',
    labels: ['version', 'node_version'],
    unit: '1',
    doc: 'The version that runs, and of the Node that runs it.',
    read: ({ program: { version, nodeVersion } }) => [{ labels: [version, nodeVersion], value: 1 }],
  },
  {
    name: 'smartproxy_controller_info',
    type: 'gauge',
    labels: ['pod_namespace', 'pod_name', 'ingress_class', 'controller_class', 'source', 'transport', 'writes_status'],
    unit: '1',
    doc: 'Who this is and what it serves: its pod, its class, where objects come from (cluster, manifests), how connections reach NetworkProxy, and whether the leader writes statuses. Joined to other metrics by job and instance.',
    read: ({ program: { podNamespace, podName, ingressClass, controllerClass, source, transport, writesStatus } }) => [
      { labels: [podNamespace, podName, ingressClass, controllerClass, source, transport, String(writesStatus)], value: 1 },
    ],
  },
  {
    name: 'smartproxy_limit',
    type: 'gauge',
    labels: ['limit'],
    unit: 'what the limit counts',
    doc: 'Limits as they are set now, by the SmartProxyConfig or else by the flag that is the label; 0: none. max-connections-per-endpoint, max-handshakes and max-udp-sessions are of each worker, the others of the pod.',
    read: ({ program: { limits } }) => Object.entries(limits).map(([limit, value]) => ({ labels: [limit], value })),
  },
  {
    name: 'smartproxy_worker_serving',
    type: 'gauge',
    labels: ['worker'],
    unit: '0 or 1',
    doc: 'Whether the worker slot has a process that serves.',
    read: ({ workers }) => workers.map(({ slot, serving }) => ({ labels: [String(slot)], value: serving ? 1 : 0 })),
  },
  {
    name: 'smartproxy_worker_table_generation',
    type: 'gauge',
    labels: ['worker'],
    unit: 'tables',
    doc: 'Generation of the table that the worker serves; it follows smartproxy_table_generation.',
    read: ({ workers }) => workers.map(({ slot, generation }) => ({ labels: [String(slot)], value: generation })),
  },
  {
    name: 'smartproxy_worker_restarts_total',
    type: 'counter',
    labels: ['worker'],
    unit: 'restarts',
    doc: 'Worker processes started in place of one that ended.',
    read: ({ workers }) => workers.map(({ slot, restarts }) => ({ labels: [String(slot)], value: restarts })),
  },
  {
    name: 'smartproxy_event_loop_delay_seconds',
    type: 'gauge',
    labels: ['process'],
    unit: 'seconds',
    doc: "99th percentile of the event loop's delay over the last interval, for the main process and each worker.",
    read: ({ controller, workers }) => [
      { labels: ['main'], value: controller.eventLoopDelayMs / 1000 },
      ...workers.map(({ slot, vitals }) => ({ labels: [`worker-${slot}`], value: (vitals?.eventLoopDelayMs ?? 0) / 1000 })),
    ],
  },
  ofProcesses(
    'smartproxy_process_start_time_seconds',
    'gauge',
    'seconds since 1970',
    'When the process started.',
    (facts) => facts.startedAtMs / 1000,
  ),
  ofProcesses(
    'smartproxy_process_cpu_seconds_total',
    'counter',
    'seconds',
    'Processor time that the process used.',
    (facts) => facts.cpuSeconds,
  ),
  ofProcesses(
    'smartproxy_process_resident_memory_bytes',
    'gauge',
    'bytes',
    'Resident memory of the process.',
    (facts) => facts.residentBytes,
  ),
  ofProcesses('smartproxy_process_heap_bytes', 'gauge', 'bytes', 'JavaScript heap in use.', (facts) => facts.heapBytes),
  ofProcesses(
    'smartproxy_process_heap_limit_bytes',
    'gauge',
    'bytes',
    'Size of the JavaScript heap at which V8 ends the process.',
    (facts) => facts.heapLimitBytes,
  ),
  ofProcesses(
    'smartproxy_process_open_fds',
    'gauge',
    'descriptors',
    'File descriptors that the process has open.',
    (facts) => facts.openFiles,
  ),
  ofProcesses('smartproxy_process_max_fds', 'gauge', 'descriptors', 'File descriptors that it may have open.', (facts) => facts.maxFiles),
];

/** A metric of the main process and each worker; a worker that was not heard of yet has none. */
function ofProcesses(
  name: string,
  type: 'counter' | 'gauge',
  unit: string,
  doc: string,
  value: (facts: ProcessFacts) => number | undefined,
): MetricSpec {
  const read = ({ program, workers }: MetricSource): readonly Sample[] => [
    ...samplesOf(['main'], value(program.process)),
    ...workers.flatMap(({ slot, vitals }) => (vitals === undefined ? [] : samplesOf([`worker-${slot}`], value(vitals.process)))),
  ];
  return { name, type, labels: ['process'], unit, doc, read };
}
