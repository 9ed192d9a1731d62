import type { Downstream } from '../../downstream.ts';
import type { TunnelClient } from '../../tunnel.ts';

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
