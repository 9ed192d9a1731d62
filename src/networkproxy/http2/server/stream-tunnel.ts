import type { TerminationReason } from '../../../observability/counters/termination-reason.ts';
import type { Downstream } from '../../downstream.ts';
import type { TunnelClient } from '../../tunnel.ts';
import { ErrorCode } from '../frames.ts';

/** A stream as the client's end of a tunnel: its DATA frames are the bytes (RFC 8441 section 5). */
export class StreamTunnelClient implements TunnelClient {
  readonly #stream: Downstream;

  constructor(stream: Downstream) {
    this.#stream = stream;
  }

  write(chunk: Buffer): boolean {
    this.#stream.sendBody(chunk, false);
    return this.#stream.flush();
  }

  pause(): void {
    this.#stream.pauseRequest();
  }

  resume(): void {
    this.#stream.resumeRequest();
  }

  end(): void {
    this.#stream.sendEnd([]);
  }
}

/** Whether a tunnel that we end ourselves ends as its backend would end it, by the end of the stream (RFC 8441 section 5). */
export function endsInOrder(reason: TerminationReason): boolean {
  return reason === 'connection_timeout' || reason === 'route_removed';
}

/** What a stream is reset with when its tunnel ends otherwise. */
export function resetCodeOf(reason: TerminationReason): ErrorCode {
  return reason === 'normal' || reason === 'inactivity' || endsInOrder(reason) ? ErrorCode.cancel : ErrorCode.connectError;
}
