import type { ResponseFlag } from '../../observability/counters/response-flag.ts';

/**
 * The message model that HTTP/1.1 and HTTP/2 share: a head, then a body in chunks, then perhaps trailers.
 * Header lists are flat: name, value, name, value ... with names in lower case and values trimmed of optional white space, in the
 * order received, duplicates kept. Strings are latin1.
 */
export interface RequestHead {
  /** Upper case token as sent (methods are case-sensitive: `get` is not GET). */
  readonly method: string;
  /** What the client spoke. */
  readonly scheme: 'http' | 'https';
  /** The host without port, lower case, IPv6 in brackets; '' when an HTTP/1.0 request had none. */
  readonly host: string;
  /** The authority as sent: host[:port]. */
  readonly authority: string;
  /** Path and query as forwarded: normalised by the one documented rule; `*` for OPTIONS *. */
  readonly target: string;
  /** The normalised path without query: what routes match. */
  readonly path: string;
  readonly headers: readonly string[];
  /** HTTP version of the request: 10, 11 or 20. */
  readonly version: 10 | 11 | 20;
  /** How the body is framed. */
  readonly body: BodyFraming;
  /** False: the connection ends after the answer (HTTP/1.0, `Connection: close`). */
  readonly keepAlive: boolean;
  readonly expectContinue: boolean;
  /** The `Upgrade` value (lower case) when the request asks for an upgrade properly (Connection nominates it), else undefined. */
  readonly upgrade: string | undefined;
}

/** `none`: no body. `length`: exactly so many bytes. `chunked`: until the last chunk. `close`: until the connection ends (answers only). */
export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' };

export interface ResponseHead {
  readonly status: number;
  /** As sent; may be ''. */
  readonly reason: string;
  readonly headers: readonly string[];
  readonly version: 10 | 11 | 20;
  readonly body: BodyFraming;
  /** The upstream connection can be used again after this answer. */
  readonly keepAlive: boolean;
  /** The `Upgrade` value of a 101, lower case. */
  readonly upgrade: string | undefined;
}

/** Gets one message at a time from a parser: one head, body chunks, one end. All calls come from inside `execute`. */
export interface MessageHandler<Head> {
  onHead(head: Head): void;
  /** A piece of the body, framing removed. The bytes are only valid during the call unless the source says otherwise. */
  onBody(chunk: Buffer): void;
  /** The message is complete. Trailers are a flat list like headers, already filtered; empty when there are none. */
  onEnd(trailers: readonly string[]): void;
}

/** Why a parser refused its input: the status and flag to answer with (502 for an answer of the upstream), and a reason for the log. */
export interface ParseFailure {
  readonly status: 400 | 413 | 414 | 417 | 431 | 501 | 502 | 505;
  readonly flag: ResponseFlag;
  /** Names the rule that was broken, from a fixed set: `bare-lf`, `te-with-cl` ... */
  readonly rule: string;
}

/** Limits of a parser; bytes and counts. */
export interface ParserLimits {
  /** Request line or status line. */
  readonly maxLineBytes: number;
  /** Whole head, start line included. */
  readonly maxHeadBytes: number;
  readonly maxHeaders: number;
  /** Chunk extensions of one message. */
  readonly maxChunkExtensionBytes: number;
  readonly maxTrailerBytes: number;
}

export const defaultParserLimits: ParserLimits = {
  maxLineBytes: 8192,
  maxHeadBytes: 16_384,
  maxHeaders: 100,
  maxChunkExtensionBytes: 16_384,
  maxTrailerBytes: 8192,
};
