import { handshakeLimitMeanings, handshakeResultMeanings } from './counters/handshake-result.ts';
import { http2LimitMeanings } from './counters/http2-limit.ts';
import { responseFlagMeanings } from './counters/response-flag.ts';
import { connectionSides, terminationReasonMeanings } from './counters/termination-reason.ts';

const introduction = `# The life of a connection

Every client connection has one record from the tick in which it is accepted until it ended, whatever it speaks:

\`\`\`
accepted -> sniffing -> routing -> dialing -> forwarding -> draining -> closed(reason)
             (SNI, PROXY)   \`-> handed to NetworkProxy (TLS, HTTP) -'
\`\`\`

- **accepted**: SecurityManager admits or refuses it; the record gets a unique id, which the access log and \`/debug/connections\` show.
- **sniffing**: on the HTTPS port the ClientHello is read for its server name, and a PROXY header where one is required.
- **routing**: the server name decides between passthrough and TLS termination. A plain HTTP connection goes to NetworkProxy at once.
- **dialing, forwarding**: passthrough connects to an endpoint and moves bytes both ways with back-pressure; half-close is carried across.
- **handed to NetworkProxy**: TLS is ended there, and each request finds its own route.
- **closed**: \`initiateCleanupOnce\` takes the first cause, and only that: it ends the sockets in order (destroying them after a grace),
  removes every listener and timer, leaves every map, and moves the counters once.

At every moment \`accepted = active + Σ closed\` holds, in each worker and in what \`/metrics\` shows. A connection of a worker that died is
closed as \`worker_lost\`.
`;

function table(heading: string, meanings: Readonly<Record<string, string>>): string {
  const rows = Object.entries(meanings).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  return [`| ${heading} | meaning |`, '|---|---|', ...rows].join('\n');
}

/** docs/connections.md: the states, every termination reason and every response flag, from the tables that the counters use. */
export function renderConnectionDocs(): string {
  const sides = connectionSides.map((side) => `\`${side}\``).join(', ');
  return `${introduction}
## Termination reasons

The label \`reason\` of \`smartproxy_connections_closed_total\`, with \`side\` = who ended it first (${sides}; proxy: we did, of our own
accord).

${table('reason', terminationReasonMeanings)}

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

## Limits of HTTP/2 connections

The label \`limit\` of \`networkproxy_http2_limits_total\`. A connection that ends over one gets a GOAWAY with ENHANCE_YOUR_CALM and the
rule's name; other connections are not touched. The figures are in \`src/networkproxy/http2/limits.ts\`, with what they are against.

${table('limit', http2LimitMeanings)}
`;
}
