import { controllerVariables, type DashboardSpec } from './dashboard.ts';
import { max, ours, perSecond, quantile, sum } from './queries.ts';

/** Does the control plane follow the cluster, and are its processes well? */
export const controllerHealth: DashboardSpec = {
  uid: 'smartproxy-controller',
  title: 'SmartProxy / Controller health',
  description: 'Does the controller follow the cluster, what is wrong in objects, and are its processes well?',
  variables: controllerVariables,
  rows: [
    {
      title: 'At a glance',
      panels: [
        {
          kind: 'figure',
          title: 'Watches that work',
          description: 'The least of all watches (or the manifest folder): 1 when all work.',
          unit: 'short',
          warnAt: 1,
          badAt: 0.5,
          queries: [{ expr: `min(${ours('smartproxy_source_healthy')})`, legend: 'healthy' }],
        },
        {
          kind: 'figure',
          title: 'Leaders',
          description: 'Replicas that write statuses: 1, or 0 when none is to (--manifests).',
          unit: 'short',
          queries: [{ expr: sum(ours('smartproxy_leader')), legend: 'leaders' }],
        },
        {
          kind: 'figure',
          title: 'Problems in objects',
          description: 'What is wrong in Ingresses, Services and Secrets now. /debug/problems names the objects.',
          unit: 'short',
          warnAt: 1,
          queries: [{ expr: sum(max(ours('smartproxy_problems'), 'reason')), legend: 'problems' }],
        },
        {
          kind: 'figure',
          title: 'Tables that failed',
          description:
            'Route tables that could not be made, since the start. Each one is a bug that the log names; the last good table serves.',
          unit: 'short',
          badAt: 1,
          queries: [{ expr: sum(ours('smartproxy_table_failures_total')), legend: 'failed' }],
        },
        {
          kind: 'figure',
          title: 'Worker restarts',
          description: 'Worker processes that were started in place of one that ended, in the time that is shown.',
          unit: 'short',
          warnAt: 1,
          queries: [{ expr: sum(ours('increase(smartproxy_worker_restarts_total[$__range])')), legend: 'restarts' }],
        },
        {
          kind: 'figure',
          title: 'Youngest process',
          description: 'How long ago the youngest main process started.',
          unit: 's',
          queries: [{ expr: `time() - ${max(ours('smartproxy_process_start_time_seconds{process="main"}'))}`, legend: 'up for' }],
        },
        {
          kind: 'table',
          title: 'Who is here',
          description: 'Pods with what they serve and where their objects come from.',
          unit: 'short',
          value: 'Up',
          width: 16,
          columns: {
            pod_namespace: 'Namespace',
            pod_name: 'Pod',
            ingress_class: 'Class',
            source: 'Source',
            transport: 'Transport',
            writes_status: 'Writes statuses',
          },
          queries: [{ expr: 'smartproxy_controller_info{pod_namespace=~"$namespace", ingress_class=~"$class"}', legend: '{{pod_name}}' }],
        },
        {
          kind: 'table',
          title: 'Versions',
          description: 'What runs, and how many pods of it.',
          unit: 'short',
          value: 'Pods',
          columns: { version: 'Version', node_version: 'Node' },
          queries: [{ expr: `count by (version, node_version) (${ours('smartproxy_build_info')})`, legend: '{{version}}' }],
        },
      ],
    },
    {
      title: 'From objects to tables',
      panels: [
        {
          kind: 'lines',
          title: 'Tables published',
          description: 'Route tables a minute. Endpoints that come and go make most of them.',
          unit: 'opm',
          queries: [
            { expr: `${sum(perSecond('smartproxy_table_publish_duration_seconds_count'), 'pod_name')} * 60`, legend: '{{pod_name}}' },
          ],
        },
        {
          kind: 'lines',
          title: 'Time to a new table',
          description: '99th percentile of making a table, of handing it to the workers, and of applying it in a worker.',
          unit: 's',
          queries: [
            { expr: quantile(0.99, 'smartproxy_table_translate_duration_seconds'), legend: 'translate' },
            { expr: quantile(0.99, 'smartproxy_table_publish_duration_seconds'), legend: 'publish' },
            { expr: quantile(0.99, 'smartproxy_table_apply_duration_seconds'), legend: 'apply' },
          ],
        },
        {
          kind: 'lines',
          title: 'Tables that workers are behind',
          description: 'How many tables the slowest worker of each pod has still to apply: 0 but for moments.',
          unit: 'short',
          queries: [
            {
              expr: max(
                ours('(smartproxy_table_generation - on (job, instance) group_right () smartproxy_worker_table_generation)'),
                'pod_name',
              ),
              legend: '{{pod_name}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Age of the table',
          description: 'Since the last change that was served. Replicas of one class should agree.',
          unit: 's',
          queries: [{ expr: max(ours('smartproxy_table_age_seconds'), 'pod_name'), legend: '{{pod_name}}' }],
        },
        {
          kind: 'lines',
          title: 'Problems by reason',
          description: 'What is wrong in objects, by reason: docs/problems.md says what each means.',
          unit: 'short',
          stacked: true,
          queries: [{ expr: `${max(ours('smartproxy_problems'), 'reason')} > 0`, legend: '{{reason}}' }],
        },
        {
          kind: 'lines',
          title: 'Objects',
          description: 'Objects that are known, by kind.',
          unit: 'short',
          queries: [{ expr: max(ours('smartproxy_objects'), 'kind'), legend: '{{kind}}' }],
        },
        {
          kind: 'lines',
          title: 'Size of the table',
          description: 'Entries of the route table, by its parts.',
          unit: 'short',
          queries: [{ expr: max(ours('smartproxy_table_entries'), 'part'), legend: '{{part}}' }],
        },
        {
          kind: 'lines',
          title: 'Silence of watches',
          description: 'Since the last sign of life of each watch, at worst. The API server sends one every minute or so.',
          unit: 's',
          queries: [
            { expr: `time() - min by (resource) (${ours('smartproxy_source_last_event_timestamp_seconds')} > 0)`, legend: '{{resource}}' },
          ],
        },
        {
          kind: 'lines',
          title: 'Watches started again',
          description:
            'Restarts of watches a minute. The API server ends each one now and then; many point at the network or at missing rights.',
          unit: 'opm',
          queries: [{ expr: `${sum(perSecond('smartproxy_source_restarts_total'), 'resource')} * 60`, legend: '{{resource}}' }],
        },
        {
          kind: 'lines',
          title: 'Statuses written',
          description: 'Writes of statuses of Ingresses, SmartRoutes and SmartProxyConfigs by the leader, a minute.',
          unit: 'opm',
          queries: [{ expr: `${sum(perSecond('smartproxy_status_writes_total'), 'result')} * 60`, legend: '{{result}}' }],
        },
        {
          kind: 'lines',
          title: 'Age of the snapshot',
          description: 'Since the last-good table was written to disk; empty without --snapshot. It may be as old as the table.',
          unit: 's',
          queries: [{ expr: `time() - ${max(ours('smartproxy_snapshot_timestamp_seconds'), 'pod_name')}`, legend: '{{pod_name}}' }],
        },
        {
          kind: 'lines',
          title: 'Snapshots that failed',
          description: 'Writes of the snapshot that failed, a minute: the log says why.',
          unit: 'opm',
          queries: [{ expr: `${sum(perSecond('smartproxy_snapshot_failures_total'), 'pod_name')} * 60`, legend: '{{pod_name}}' }],
        },
      ],
    },
    {
      title: 'Processes',
      panels: [
        {
          kind: 'lines',
          title: 'Workers that serve',
          description: 'Worker processes with a table, in each pod.',
          unit: 'short',
          queries: [{ expr: sum(ours('smartproxy_worker_serving'), 'pod_name'), legend: '{{pod_name}}' }],
        },
        {
          kind: 'lines',
          title: 'Event-loop delay',
          description: '99th percentile in each process. The main process may be late without any request noticing; a worker may not.',
          unit: 's',
          queries: [{ expr: max(ours('smartproxy_event_loop_delay_seconds'), 'pod_name', 'process'), legend: '{{pod_name}} {{process}}' }],
        },
        {
          kind: 'lines',
          title: 'Processor time',
          description: 'Processors that each process keeps busy; 1 is all that it can use.',
          unit: 'short',
          queries: [
            { expr: sum(perSecond('smartproxy_process_cpu_seconds_total'), 'pod_name', 'process'), legend: '{{pod_name}} {{process}}' },
          ],
        },
        {
          kind: 'lines',
          title: 'Resident memory',
          description: 'Resident memory of each process; pages that processes share are counted in each.',
          unit: 'bytes',
          queries: [
            { expr: sum(ours('smartproxy_process_resident_memory_bytes'), 'pod_name', 'process'), legend: '{{pod_name}} {{process}}' },
          ],
        },
        {
          kind: 'lines',
          title: 'JavaScript heap',
          description: 'Share of the size at which V8 ends the process.',
          unit: 'percentunit',
          max: 1,
          queries: [
            {
              expr: max(ours('smartproxy_process_heap_bytes / smartproxy_process_heap_limit_bytes'), 'pod_name', 'process'),
              legend: '{{pod_name}} {{process}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'File descriptors',
          description: 'File descriptors that each process has open.',
          unit: 'short',
          queries: [{ expr: max(ours('smartproxy_process_open_fds'), 'pod_name', 'process'), legend: '{{pod_name}} {{process}}' }],
        },
        {
          kind: 'lines',
          title: 'Access log lines dropped',
          description: 'Lines a second that were dropped because nobody read the output.',
          unit: 'cps',
          queries: [{ expr: sum(perSecond('smartproxy_access_log_dropped_total'), 'pod_name'), legend: '{{pod_name}}' }],
        },
        {
          kind: 'lines',
          title: 'Scrapes',
          description: 'How long Prometheus takes to read each pod.',
          unit: 's',
          queries: [{ expr: max(ours('scrape_duration_seconds'), 'pod_name'), legend: '{{pod_name}}' }],
        },
        {
          kind: 'table',
          title: 'Limits',
          description: 'As they are set; 0: none. All but max-route-series count in each worker.',
          unit: 'short',
          value: 'Set to',
          columns: { limit: 'Limit' },
          queries: [{ expr: max(ours('smartproxy_limit'), 'limit'), legend: '{{limit}}' }],
        },
      ],
    },
  ],
};
