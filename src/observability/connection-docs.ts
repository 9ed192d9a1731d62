import { handshakeLimitMeanings, handshakeResultMeanings } from './counters/handshake-result.ts';
import { http1LimitMeanings } from './counters/http1-limit.ts';
import { http2LimitMeanings } from './counters/http2-limit.ts';
import { overloadActionMeanings, overloadCauseMeanings, overloadLevels } from './counters/overload.ts';
import { responseFlagMeanings } from './counters/response-flag.ts';
import { connectionSides, terminationReasonMeanings } from './counters/termination-reason.ts';
import { udpDropMeanings, udpEndMeanings } from './counters/udp.ts';
import { upstreamLimitMeanings } from './counters/upstream-limit.ts';

const introduction = `# The life of a connection

Every client connection has one record from the tick in which it is accepted until it ended, whatever it speaks:

\`\`\`
accepted -> sniffing -> routing -> dialing -> forwarding -> draining -> closed(reason)
             (SNI, PROXY)   \`-> handed to NetworkProxy (TLS, HTTP) -'
\`\`\`

- **accepted**: SecurityManager admits or refuses it; the record gets a unique id, which the access log and \`/debug/connections\` show.
- **sniffing**: on the HTTPS port the ClientHello is read for its server name, and a PROXY header where one is required.
- **routing**: the server name decides between passthrough and TLS termination, and whether HTTP or TCP is in it. A plain HTTP connection
  goes to NetworkProxy at once, one of a TCP listener to the listener's route, before a byte of it is read.
- **dialing, forwarding**: passthrough and TCP connect to an endpoint and move bytes both ways with back-pressure; half-close is carried across.
- **handed to NetworkProxy**: TLS is ended there. With HTTP in it, each request finds its own route, and the route of the last one that began says
  how long the connection is kept ([how](smartroute.md#connections-of-http)); with TCP, the connection comes back to be dialled and forwarded.
- **closed**: \`initiateCleanupOnce\` takes the first cause, and only that: it ends the sockets in order (destroying them after a grace),
  removes every listener and timer, leaves every map, and moves the counters once.

At every moment \`accepted = active + Σ closed\` holds, in each worker and in what \`/metrics\` shows. A connection of a worker that died is
closed as \`worker_lost\`.
`;

function table(heading: string, meanings: Readonly<Record<string, string>>): string {
  const rows = Object.entries(meanings).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  return [`| ${heading} | meaning |`, '|---|---|', ...rows].join('\n');
}

/**
 * docs/connections.md: the states, every termination reason, response flag and limit, from the tables that the counters use.
 * @param limitTable NetworkProxy's limits
 */
export function renderConnectionDocs(limitTable: string): string {
  const sides = connectionSides.map((side) => `\`${side}\``).join(', ');
  return `${introduction}
## Termination reasons

The label \`reason\` of \`smartproxy_connections_closed_total\`, with \`side\` = who ended it first (${sides}; proxy: we did, of our own
accord).

${table('reason', terminationReasonMeanings)}

## UDP sessions

A session is an address and port of a client on one listener, from its first datagram until neither side sent one for the idle time of the
route; until the first answer, for ten seconds at most. It has a socket of its own towards its endpoint, and finds another endpoint when
that one goes from the Service or says that nobody listens. Opened = active + Σ closed holds for sessions too. Why they end, the label
\`reason\` of \`smartproxy_udp_sessions_closed_total\`:

${table('reason', udpEndMeanings)}

Why a datagram went nowhere, the label \`reason\` of \`smartproxy_udp_dropped_datagrams_total\`:

${table('reason', udpDropMeanings)}

## Response flags

Why an answer came from the proxy itself: \`flag\` in the access log and in \`networkproxy_responses_total\`. An answer of the upstream has
none.

${table('flag', responseFlagMeanings)}

## TLS handshakes

How handshakes with clients end, the label \`result\` of \`networkproxy_tls_handshakes_total\`:

${table('result', handshakeResultMeanings)}

What the limit of handshakes under way does ([tls.md](tls.md#handshakes-under-way)), the label \`outcome\` of
\`networkproxy_tls_handshake_limit_total\`:

${table('outcome', handshakeLimitMeanings)}

## Limits

Everything that a client can make us hold or do is bounded, and each bound that is hit is counted: in
\`networkproxy_http1_limits_total\` or \`networkproxy_http2_limits_total\` (short: \`http1_limits\`, \`http2_limits\`) by \`limit\`, or,
where that says it all, as a response flag or termination reason. "200 at once, 20 a second" is an allowance that fills up again. Times
are renewed by bytes that move, but by no trickle: below the least rate a peer counts as stalled. Only bytes that wait are timed. An
answer that is silent because its backend is (Server-Sent Events, gRPC) has no limit here, and a body without a declared length (chunked,
a gRPC stream) may come as slowly as it likes as long as something comes.

${limitTable}

## Overload

Each worker looks once a second at what it may run out of:

${table('cause', overloadCauseMeanings)}

and takes one of three levels, \`networkproxy_overload_level\`, with one line in the log for each change:

- **${overloadLevels[0]}**: nothing is done.
- **${overloadLevels[1]}**, from ten percentage points below \`--overload-memory\`, or a quarter of \`--overload-delay\` for three seconds:
  HTTP/1 answers say \`connection: close\`, HTTP/2 connections with a new request get a GOAWAY and finish what they have, so that clients
  come again elsewhere: to another worker or pod. When memory is what is short, idle connections are ended too, the oldest tenth each second.
- **${overloadLevels[2]}**, from \`--overload-memory\` or \`--overload-delay\`: new requests are answered 503 with \`retry-after\` and the
  flag \`overload\`. Requests under way are served to their end.

A level is left after five seconds below 95 % of its limit (half of it for the delay). \`networkproxy_overload_actions_total\` counts by cause
and \`action\`:

${table('action', overloadActionMeanings)}

Health and metrics are the main process's: they answer whatever the workers do. Memory is that of the control group with the lowest limit,
version 1 or 2; all workers of a pod see the same and act alike. TLS passthrough is not refused: it has no requests.

Bytes that wait for peers have a limit of their own, \`--max-buffered\`, because refusing requests would not free them. A stream or
connection whose client does not take its answer is not read from its backend, so each holds about one read; above half of the worker's
limit an HTTP/2 connection may hold less in all. A full connection's backends are read again when its client takes bytes; until then all its
streams, silent ones too, have the time of \`--body-timeout\`. Above the worker's limit those that hold most for longest lose what waits, until a tenth is free.
What moves loses its age as it goes, so slow clients outlive silent ones.

## Limits of HTTP/1 connections

The label \`limit\` of \`networkproxy_http1_limits_total\`.

${table('limit', http1LimitMeanings)}

## Limits of services

What a SmartRoute says in \`policy.backend.limits\`, and the budget of retries that every service has: the label \`limit\` of
\`networkproxy_upstream_limits_total\`.

${table('limit', upstreamLimitMeanings)}

## Limits of HTTP/2 connections

The label \`limit\` of \`networkproxy_http2_limits_total\`. A connection that ends over one gets a GOAWAY with ENHANCE_YOUR_CALM and the
rule's name; other connections are not touched. The figures are in \`src/networkproxy/http2/limits.ts\`, with what they are against.

${table('limit', http2LimitMeanings)}
`;
}
