import type { TerminationReason } from '../observability/counters/termination-reason.ts';

/** How sockets end: flushed within a grace, closed at once, or closed at once with a reset. */
export type CleanupOutcome = 'graceful' | 'destroy' | 'reset';

const abrupt: { readonly [reason in TerminationReason]?: CleanupOutcome } = {
  // One side is broken, so the other's bytes have nowhere to go; the reset is passed on as what it was.
  error: 'reset',
  econnreset: 'reset',
  etimedout: 'reset',
  epipe: 'reset',
  // The peer takes or sends nothing: waiting longer is what the limit was against.
  initial_timeout: 'destroy',
  handshake_timeout: 'destroy',
  write_timeout: 'reset',
  // Refused: no answer is owed.
  rejected: 'reset',
  ip_blocked: 'reset',
  ip_limit: 'reset',
  route_limit: 'reset',
  rate_limited: 'reset',
  nftables_handled: 'reset',
  handshake_limit: 'reset',
  proxy_header_invalid: 'reset',
  unauthenticated_loopback: 'reset',
  // Told to, now.
  killed: 'reset',
  shutdown: 'destroy',
  zombie_cleanup: 'destroy',
};

/** How a connection's sockets end for `reason`; in order unless there is a cause not to. */
export function outcomeOf(reason: TerminationReason): CleanupOutcome {
  return abrupt[reason] ?? 'graceful';
}
