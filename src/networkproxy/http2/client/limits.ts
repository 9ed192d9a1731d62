/** What a backend may do on an HTTP/2 connection of ours, and how long we wait for it. docs/http2.md says what each means. */

/** Requests at a time on one connection, if the backend takes so many: another connection then spreads them over more of its cores. */
export const maxStreamsPerConnection = 100;
/** What of one answer may be under way to a client that does not take it: it is held here. */
export const responseWindowBytes = 131_072;
/** The same for all answers of a connection together; they are passed on as they come, so that no slow client holds the others up. */
export const responseConnectionWindowBytes = 4_194_304;
/** Answers may have longer heads than requests, as in HTTP/1.1; by RFC 7541 section 4.1, which counts 32 bytes for each field. */
export const responseFieldLimits = { maxBytes: 65_536, maxTrailerBytes: 65_536, maxFields: 256 } as const;
/** One header block before decoding. */
export const maxResponseBlockBytes = 131_072;
/** 1xx answers to one request. */
export const maxInformational = 32;
/**
 * Frames that bring nothing: SETTINGS, PING, GOAWAY, empty DATA, frames of streams that are over. A proxy of a busy backend sees few: each
 * DATA frame that we send allows two more, and each stream that ends four.
 */
export const idleFrameAllowance = { capacity: 2000, perSecond: 200 } as const;
/** Each DATA frame that we send allows ten more, and each stream two: as for clients. */
export const windowUpdateAllowance = { capacity: 5000, perSecond: 500 } as const;

/** A backend that owes an answer and has sent nothing for so long is pinged ... */
export const silenceMs = 10_000;
/** ... and has so long to say anything before it counts as gone. */
export const pingTimeoutMs = 5000;
/** Our last bytes on a connection may take so long. */
export const closeGraceMs = 5000;
