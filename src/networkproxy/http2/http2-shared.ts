import { OutputTurn } from '../output-turn.ts';
import { maxResponseBlockBytes } from './client/limits.ts';
import { RequestPace } from './server/request-pace.ts';

/** Smaller blocks are never refused before they are decoded. */
export const leastBlockBytes = 32_768;

/** What all HTTP/2 connections of a worker share. */
export interface Http2Shared {
  readonly turn: OutputTurn;
  readonly pace: RequestPace;
  /** Room for the longest string of a header block after decoding; used within one call. */
  readonly hpackScratch: Buffer;
  /** Bytes of one header block of a client before decoding. */
  readonly maxBlockBytes: number;
}

export function makeHttp2Shared(maxHeaderBytes: number): Http2Shared {
  const maxBlockBytes = Math.max(leastBlockBytes, 2 * maxHeaderBytes);
  return {
    turn: new OutputTurn(),
    pace: new RequestPace(),
    hpackScratch: Buffer.allocUnsafeSlow(2 * Math.max(maxBlockBytes, maxResponseBlockBytes)),
    maxBlockBytes,
  };
}
