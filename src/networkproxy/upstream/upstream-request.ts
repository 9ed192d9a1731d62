import type { Socket } from 'node:net';
import type { PolicyTimeouts } from '../../routes/policy.ts';
import type { OutgoingRequest } from '../forwarded-fields.ts';
import type { TunnelEnd } from './upstream-handler.ts';

/**
 * One request on its way to a backend: a whole HTTP/1.1 connection for its time, or one stream of an HTTP/2 connection. Its
 * `UpstreamHandler` hears what comes back.
 */
export interface UpstreamRequest {
  /** `start` may be called. When it is false, `UpstreamHandler.onUpstreamReady` tells when that has changed. */
  readonly isReady: boolean;
  /** The connection has served a request before: its end may just be the backend's idle time-out. */
  readonly reused: boolean;
  /** Something of the answer has arrived. */
  readonly answered: boolean;
  /** A backend may say that it has not looked at the request, so that its body is worth keeping for another. */
  readonly canBeReturned: boolean;
  /** The socket, when it serves this request alone and a tunnel may come of it. */
  readonly socket: Socket | undefined;
  /** Bytes of the body are still being written from memory that was lent to the client's reads. */
  readonly keepsLent: boolean;

  /** Sends the head. Without a body the request is complete. */
  start(outgoing: OutgoingRequest, timeouts: PolicyTimeouts): void;
  /**
   * Takes a piece of the body, which it copies if it must keep it; what lies in lent memory it may keep while it says false here or in
   * `flush`. False: wait for `UpstreamHandler.onUpstreamDrain`.
   */
  writeBody(chunk: Buffer): boolean;
  /** The body is complete. */
  endRequest(trailers: readonly string[]): void;
  /** Writes out what waits of head and body. False: wait for `UpstreamHandler.onUpstreamDrain`. */
  flush(): boolean;
  /** Stops the answer for now: the client is slower than the backend. */
  pause(): void;
  resume(): void;
  /** Gives the request up in whatever state. The handler is not told. */
  destroy(): void;

  /** From now on the bytes belong to a tunnel, which has the deadlines too. */
  startTunnel(tunnel: TunnelEnd): void;
  /** The chunk may be kept. False: wait for `TunnelEnd.upstreamDrained`. */
  writeTunnel(chunk: Buffer): boolean;
  /** No more bytes follow from the client. */
  endTunnel(): void;
  /** Calls back once, when nothing of the request or its tunnel is left. */
  onceGone(callback: () => void): void;
}
