/**
 * What one HTTP/2 connection may do. Each limit has a label of `networkproxy_http2_limits_total`, counted when it is hit.
 * docs/connections.md says to operators what each does.
 */

/** Requests at a time on one connection (SETTINGS_MAX_CONCURRENT_STREAMS); more are refused and may be sent again. */
export const maxConcurrentStreams = 100;
/** What a client may send of one body before the backend has taken it (SETTINGS_INITIAL_WINDOW_SIZE). */
export const streamWindowBytes = 65_536;
/** What that grows to while the backend takes all at once: with 64 KiB client and proxy wait for each other (bench: upload-http2, half the CPU time). */
export const grownStreamWindowBytes = 524_288;
/** What a client may send of all bodies of a connection together. */
export const connectionWindowBytes = 1_048_576;
/** By how much the windows of a connection's streams may grow in all: as much as one can, so that those which then stand still leave room for others. */
export const maxWindowGrowthBytes = grownStreamWindowBytes - streamWindowBytes;
/** Pieces that one header block may come in, beside its first. */
export const maxContinuations = 16;

/** What the socket may hold of our output before the connection counts as blocked. */
export const maxSocketBytes = 131_072;

/** Frames that cost us work and bring the client nothing: how many at once, and how many a second. */
interface Allowance {
  readonly capacity: number;
  readonly perSecond: number;
}

/**
 * Streams that end by RST_STREAM, sent by the client or earned by it (CVE-2023-44487, CVE-2025-8671). Every request that is answered in
 * full gives one back, so that a busy client may cancel as often as it finishes.
 */
export const resetAllowance: Allowance = { capacity: 200, perSecond: 20 };
export const settingsAllowance: Allowance = { capacity: 100, perSecond: 10 };
export const pingAllowance: Allowance = { capacity: 500, perSecond: 100 };
export const priorityAllowance: Allowance = { capacity: 500, perSecond: 100 };
/** Each DATA frame that we send allows ten more, and each request two. */
export const windowUpdateAllowance: Allowance = { capacity: 5000, perSecond: 500 };
/** DATA without bytes, frames of unknown types, and frames for streams that are over. */
export const idleFrameAllowance: Allowance = { capacity: 1000, perSecond: 100 };
