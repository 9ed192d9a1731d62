import { controllerVariables, type DashboardSpec } from './dashboard.ts';
import { heat, max, ours, perSecond, sum } from './queries.ts';

/** Who is connected, why do connections end, and what happens below HTTP? */
export const connectionsAndTls: DashboardSpec = {
  uid: 'smartproxy-connections',
  title: 'SmartProxy / Connections and TLS',
  description: 'Who is connected and for how long, why do connections end, and what goes on in TLS and towards backends?',
  variables: controllerVariables,
  rows: [
    {
      title: 'Connections of clients',
      panels: [
        {
          kind: 'figure',
          title: 'Open connections',
          description: 'Client connections that are open now.',
          unit: 'short',
          queries: [{ expr: sum(ours('smartproxy_connections_active')), legend: 'open' }],
        },
        {
          kind: 'figure',
          title: 'New connections',
          description: 'Connections accepted a second, those that are refused included.',
          unit: 'cps',
          queries: [{ expr: sum(perSecond('smartproxy_connections_accepted_total')), legend: 'accepted' }],
        },
        {
          kind: 'figure',
          title: 'Limit of connections',
          description: 'What --max-connections allows in one pod; 0: no limit is set.',
          unit: 'short',
          queries: [{ expr: max(ours('smartproxy_limit{limit="max-connections"}')), legend: 'limit' }],
        },
        {
          kind: 'figure',
          title: 'TLS connections',
          description: 'Connections that are open after their handshake.',
          unit: 'short',
          queries: [{ expr: sum(ours('networkproxy_tls_connections_active')), legend: 'TLS' }],
        },
        {
          kind: 'figure',
          title: 'Failed handshakes',
          description:
            'Share of TLS handshakes that came to nothing. Scanners and clients that distrust the certificate make some everywhere.',
          unit: 'percentunit',
          warnAt: 0.1,
          badAt: 0.5,
          decimals: 2,
          queries: [
            {
              expr: `${sum(perSecond('networkproxy_tls_handshakes_total', '{result!="ok"}'))} / ${sum(perSecond('networkproxy_tls_handshakes_total'))}`,
              legend: 'failed',
            },
          ],
        },
        {
          kind: 'figure',
          title: 'Records without a connection',
          description: 'Records that the sweep had to close, ever. Each one is a bug: please report it.',
          unit: 'short',
          badAt: 1,
          queries: [{ expr: sum(ours('smartproxy_zombie_cleanups_total')), legend: 'zombies' }],
        },
        {
          kind: 'lines',
          title: 'Open connections by pod',
          description: 'Client connections that are open in each pod.',
          unit: 'short',
          stacked: true,
          queries: [{ expr: sum(ours('smartproxy_connections_active'), 'pod_name'), legend: '{{pod_name}}' }],
        },
        {
          kind: 'lines',
          title: 'What open connections do',
          description:
            'handed_over: HTTP and TLS in NetworkProxy; forwarding: passed through to a backend; sniffing: the first bytes have not come.',
          unit: 'short',
          stacked: true,
          queries: [{ expr: sum(ours('smartproxy_connections_by_state'), 'state'), legend: '{{state}}' }],
        },
        {
          kind: 'lines',
          title: 'Accepted and ended',
          description: 'Connections a second. Far more than requests: clients do not keep connections alive.',
          unit: 'cps',
          queries: [
            { expr: sum(perSecond('smartproxy_connections_accepted_total')), legend: 'accepted' },
            { expr: sum(perSecond('smartproxy_connections_closed_total')), legend: 'ended' },
          ],
        },
        {
          kind: 'heat-map',
          title: 'Life of connections',
          description: 'How many connections ended after how long.',
          unit: 's',
          width: 12,
          queries: [{ expr: heat('smartproxy_connection_duration_seconds'), legend: '{{le}}' }],
        },
        {
          kind: 'lines',
          title: 'Why connections end',
          description:
            'Ended connections a second by who ended them first and why: the same words as in the access log and docs/connections.md.',
          unit: 'cps',
          width: 12,
          stacked: true,
          queries: [
            {
              expr: `topk(15, ${sum(perSecond('smartproxy_connections_closed_total'), 'side', 'reason')} > 0)`,
              legend: '{{side}}: {{reason}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Refused connections',
          description: 'Connections a second that were turned away by a limit or a list of addresses.',
          unit: 'cps',
          queries: [
            {
              expr: sum(
                perSecond(
                  'smartproxy_connections_closed_total',
                  '{reason=~"rejected|ip_blocked|ip_limit|rate_limited|overload|handshake_limit"}',
                ),
                'reason',
              ),
              legend: '{{reason}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Bridge to NetworkProxy',
          description: 'Connections a second given to NetworkProxy, by transport, and those that are passed through to a backend instead.',
          unit: 'cps',
          queries: [
            { expr: sum(perSecond('smartproxy_bridge_connections_total'), 'transport'), legend: '{{transport}}' },
            { expr: sum(perSecond('smartproxy_passthrough_connections_total')), legend: 'passed through' },
          ],
        },
        {
          kind: 'lines',
          title: 'Held by NetworkProxy',
          description:
            'Client connections that NetworkProxy holds, those of them that came from SmartProxy, and those with TLS. The first two are equal unless something is wrong.',
          unit: 'short',
          queries: [
            { expr: sum(ours('networkproxy_connected_clients')), legend: 'all' },
            { expr: sum(ours('networkproxy_portproxy_connections')), legend: 'from SmartProxy' },
            { expr: sum(ours('networkproxy_tls_connections_active')), legend: 'with TLS' },
          ],
        },
        {
          kind: 'lines',
          title: 'Upgrades',
          description: 'Requests a second that became tunnels: WebSockets.',
          unit: 'reqps',
          queries: [{ expr: sum(perSecond('networkproxy_upgrades_total'), 'pod_name'), legend: '{{pod_name}}' }],
        },
        {
          kind: 'lines',
          title: 'Limits of HTTP connections',
          description: 'Limits of HTTP/1 and HTTP/2 connections that were hit, a second; docs/connections.md says what each means.',
          unit: 'cps',
          queries: [
            { expr: sum(perSecond('networkproxy_http1_limits_total'), 'limit'), legend: 'HTTP/1 {{limit}}' },
            { expr: sum(perSecond('networkproxy_http2_limits_total'), 'limit'), legend: 'HTTP/2 {{limit}}' },
          ],
        },
        {
          kind: 'lines',
          title: 'Buffered bytes',
          description: 'Bytes that wait for clients and backends that do not take them. --max-buffered limits them in each worker.',
          unit: 'bytes',
          queries: [{ expr: sum(ours('networkproxy_buffered_bytes'), 'pod_name'), legend: '{{pod_name}}' }],
        },
      ],
    },
    {
      title: 'TLS',
      panels: [
        {
          kind: 'lines',
          title: 'Handshakes by result',
          description: 'TLS handshakes with clients a second, by how they ended.',
          unit: 'cps',
          stacked: true,
          queries: [{ expr: sum(perSecond('networkproxy_tls_handshakes_total'), 'result'), legend: '{{result}}' }],
        },
        {
          kind: 'lines',
          title: 'Handshakes by version',
          description: 'Finished handshakes a second by version of TLS; unknown: it ended before one was agreed.',
          unit: 'cps',
          stacked: true,
          queries: [{ expr: sum(perSecond('networkproxy_tls_handshakes_total'), 'version'), legend: '{{version}}' }],
        },
        {
          kind: 'lines',
          title: 'Handshakes under way',
          description: 'Under way, and waiting for their turn; --max-handshakes is the limit in each worker.',
          unit: 'short',
          queries: [
            { expr: sum(ours('networkproxy_tls_handshakes_active')), legend: 'under way' },
            { expr: sum(ours('networkproxy_tls_handshakes_waiting')), legend: 'waiting' },
          ],
        },
        {
          kind: 'lines',
          title: 'Limit of handshakes hit',
          description:
            'What became of handshakes over --max-handshakes, a second. More than a moment of it is a flood, or too few processors.',
          unit: 'cps',
          queries: [{ expr: sum(perSecond('networkproxy_tls_handshake_limit_total'), 'outcome'), legend: '{{outcome}}' }],
        },
        {
          kind: 'table',
          title: 'Certificates that expire first',
          description: 'Time that is left of each certificate: namespace and name of its Secret.',
          unit: 's',
          value: 'Left',
          width: 16,
          columns: { certificate: 'Certificate' },
          queries: [
            {
              expr: `sort(bottomk(20, min by (certificate) (${ours('smartproxy_certificate_expiry_timestamp_seconds')})) - time())`,
              legend: '{{certificate}}',
            },
          ],
        },
        {
          kind: 'table',
          title: 'Certificates that can not be ordered',
          description: 'Attempts in a row to get a certificate from its CA that failed; empty when none did, or without --acme.',
          unit: 'short',
          value: 'Failures',
          columns: { certificate: 'Certificate' },
          queries: [
            {
              expr: `sort_desc(topk(20, ${max(ours('smartproxy_acme_failures'), 'certificate')} > 0))`,
              legend: '{{certificate}}',
            },
          ],
        },
        {
          kind: 'lines',
          title: 'Orders of certificates',
          description: 'Attempts to order or renew a certificate, an hour, by what came of them.',
          unit: 'short',
          queries: [{ expr: `${sum(perSecond('smartproxy_acme_attempts_total'), 'result')} * 3600`, legend: '{{result}}' }],
        },
      ],
    },
    {
      title: 'Connections to backends',
      panels: [
        {
          kind: 'lines',
          title: 'Pools',
          description: 'Connections to backends: active with a request, idle in a pool, connecting.',
          unit: 'short',
          stacked: true,
          queries: [{ expr: sum(ours('networkproxy_upstream_connections'), 'state'), legend: '{{state}}' }],
        },
        {
          kind: 'lines',
          title: 'Connects',
          description: 'Connections to backends a second. As many as requests: backends do not keep them alive.',
          unit: 'cps',
          queries: [
            { expr: sum(perSecond('networkproxy_upstream_connects_total')), legend: 'established' },
            { expr: sum(perSecond('networkproxy_upstream_connect_failures_total')), legend: 'failed' },
          ],
        },
        {
          kind: 'lines',
          title: 'Retries and ejections',
          description: 'Requests sent again and endpoints taken out of rotation, a second.',
          unit: 'cps',
          queries: [
            { expr: sum(perSecond('networkproxy_upstream_retries_total')), legend: 'retries' },
            { expr: sum(perSecond('networkproxy_upstream_ejections_total')), legend: 'ejections' },
            { expr: sum(perSecond('networkproxy_upstream_limits_total'), 'limit'), legend: 'over the limit: {{limit}}' },
          ],
        },
        {
          kind: 'lines',
          title: 'Endpoints out of rotation',
          description: 'Endpoints that get no traffic after failed connects, counted in each worker. /debug/problems names them.',
          unit: 'short',
          queries: [
            { expr: sum(ours('networkproxy_upstream_ejected_endpoints'), 'pod_name'), legend: '{{pod_name}} ejected' },
            { expr: sum(ours('networkproxy_upstream_unhealthy_endpoints'), 'pod_name'), legend: '{{pod_name}} unhealthy' },
          ],
        },
        {
          kind: 'lines',
          title: 'File descriptors',
          description: 'Share of the limit that the worst process of each pod has open: each connection takes one, at both ends.',
          unit: 'percentunit',
          max: 1,
          queries: [{ expr: max(ours('smartproxy_process_open_fds / smartproxy_process_max_fds'), 'pod_name'), legend: '{{pod_name}}' }],
        },
      ],
    },
  ],
};
