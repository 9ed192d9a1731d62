import type { ResponseFlag } from '../../observability/counters/response-flag.ts';
import type { ResponseHead } from '../http1/message-handler.ts';
import type { ErrorCode } from '../http2/frames.ts';

/** Why a request got no whole answer. */
export interface UpstreamFailure {
  readonly flag: ResponseFlag;
  /** For the log. */
  readonly detail: string;
  /** No application has seen any of the request: it was not sent, or the backend says so (GOAWAY, REFUSED_STREAM). */
  readonly unprocessed: boolean;
  /** What the backend ended its stream with; undefined: it did not. */
  readonly resetCode?: ErrorCode;
}

/** Hears of one request's life on an upstream connection. Nothing comes after `onResponseEnd` or `onUpstreamFailed`. */
export interface UpstreamHandler {
  /** Bulk may come in lent memory, and in larger pieces then. */
  readonly takesLent: boolean;
  /** The connection was made for this request and is ready; one that was there is ready at once and does not say so. */
  onUpstreamReady(): void;
  /** The request ended without a whole answer; its connection or stream is gone. */
  onUpstreamFailed(failure: UpstreamFailure): void;
  /** A 1xx other than 101. */
  onResponseInformational(head: ResponseHead): void;
  onResponseHead(head: ResponseHead): void;
  /**
   * The bytes are valid during the call only.
   * @param isLent they stay valid when the request is paused before the end of this turn, until it is resumed
   */
  onResponseBody(chunk: Buffer, isLent: boolean): void;
  /** All that one read brought has been passed on: time to write it out. */
  onResponseTurn(): void;
  onResponseEnd(trailers: readonly string[]): void;
  /** The upstream took what was written; more may follow. */
  onUpstreamDrain(): void;
}

/** Both ends of an upgraded connection talk through this. */
export interface TunnelEnd {
  /** The chunk is the receiver's to keep. */
  fromUpstream(chunk: Buffer): void;
  upstreamEnded(): void;
  upstreamClosed(error: (Error & { readonly code?: string }) | undefined): void;
  upstreamDrained(): void;
}
