/**
 * Bytes a second, in the mean over `--body-timeout`, below which a peer counts as stalled: a byte now and then would hold a request for
 * ever. Low enough for a hundred streams that share the slowest phone line.
 */
export const leastBytesPerSecond = 64;

/** The bytes that must move within `timeoutMs` so that it begins anew; at least one. */
export function renewalBytes(timeoutMs: number): number {
  return Math.max(1, Math.ceil((leastBytesPerSecond * timeoutMs) / 1000));
}
