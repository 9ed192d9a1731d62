/** TLS versions of `networkproxy_tls_handshakes_total`; unknown: the handshake ended before one was agreed. */
export const tlsVersions = ['TLSv1.2', 'TLSv1.3', 'unknown'] as const;

/**
 * How TLS handshakes with clients end: the `result` label of `networkproxy_tls_handshakes_total`. The order is the layout of the
 * counters, so it is part of the worker protocol.
 */
export const handshakeResultMeanings = {
  ok: 'complete, with a certificate shown',
  resumed: 'complete, by a session of an earlier connection',
  client_alert: 'the client refused it with an alert: most often it does not trust the certificate',
  client_left: 'the client closed or reset the connection before the end',
  refused: 'we refused it with an alert: no certificate for the name, no version or cipher in common, or bytes that are no TLS',
  timeout: 'it took longer than --handshake-timeout, the wait for its turn included',
  limit: 'it had no place, or gave its place up, because of --max-handshakes',
  ended: 'we ended it for another reason: stopped, drained, killed by hand',
} as const;
export type HandshakeResult = keyof typeof handshakeResultMeanings;
export const handshakeResults = Object.keys(handshakeResultMeanings) as readonly HandshakeResult[];

/** Index of (version, result) in a flat counter array; a version without a row of its own is unknown. */
export function handshakeIndex(version: string | null, result: HandshakeResult): number {
  const known = (tlsVersions as readonly string[]).indexOf(version ?? 'unknown');
  const row = known === -1 ? tlsVersions.length - 1 : known;
  return row * handshakeResults.length + handshakeResults.indexOf(result);
}

/**
 * What the limit of TLS handshakes under way does to handshakes: the `outcome` label of `networkproxy_tls_handshake_limit_total`. The
 * order is the layout of the counters.
 */
export const handshakeLimitMeanings = {
  waited: 'every place was taken, so it waited unread',
  gave_way: 'it had its place for over a second and others waited, so it was ended',
  refused: 'every place to wait was taken too, so it was reset',
} as const;
export type HandshakeLimitOutcome = keyof typeof handshakeLimitMeanings;
export const handshakeLimitOutcomes = Object.keys(handshakeLimitMeanings) as readonly HandshakeLimitOutcome[];
