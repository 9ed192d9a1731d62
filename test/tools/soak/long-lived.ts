import type { Socket } from 'node:net';

/** A connection that is opened once and has to live until it is left, or its worker is killed. */
export interface LongLived {
  readonly client: string;
  /** The connection to the program. */
  readonly socket: Socket;
  /** Messages or events that came in order. */
  readonly progress: number;
  /** Its worker is about to be killed: its end is no failure. */
  lost: boolean;
  /** Resolves when it has ended. */
  readonly over: Promise<void>;
  leave(): Promise<void>;
}
