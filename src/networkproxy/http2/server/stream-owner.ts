import type { ClientConnectionPolicy } from '../../../routes/policy.ts';
import type { AcceptedConnection } from '../../accepted-connection.ts';
import type { ClientFacts } from '../../client-facts.ts';
import type { ErrorCode } from '../frames.ts';

/** What the connection of a stream knows it by. */
export interface OwnedStream {
  readonly id: number;
  /** What the client lets us send; negative after it has taken some of it back. */
  sendWindow: number;
}

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly facts: ClientFacts;
  readonly connection: AcceptedConnection;
  /** The client's socket is full, or too much waits for its windows: nothing more should come. */
  readonly isBehind: boolean;
  /** @param policy what the route of a request that begins says of the connection; undefined: nothing */
  keepAs(policy: ClientConnectionPolicy | undefined): void;
  sendHeaders(stream: OwnedStream, status: number, fields: readonly string[], endStream: boolean): void;
  /** Sends what windows and socket allow of `chunk` from `start`, at most `limit` bytes; returns how many went. */
  sendData(stream: OwnedStream, chunk: Buffer, start: number, limit: number, endStream: boolean): number;
  sendReset(stream: OwnedStream, code: ErrorCode): void;
  /** One read of a backend has been sent: writes it out if it is much. */
  settleOutput(): void;
  sendWindowUpdate(stream: OwnedStream, bytes: number): void;
  /** By how much the stream's window may grow, at most `bytes`; `giveGrowth` gives it back. */
  takeGrowth(bytes: number): number;
  giveGrowth(bytes: number): void;
  /** Body bytes have been used, or will never be: the connection's window may grow by them. */
  credit(bytes: number): void;
  /** So many bytes more, or fewer, wait for windows. @param isProgress the client took or cancelled them */
  queueChanged(bytes: number, isProgress: boolean): void;
  /** The client did not move for too long. */
  onStalled(): void;
  /** The stream broke a rule of messages, which the client is to blame for. */
  onMalformed(): void;
  /** The stream is over. @param wasReset we said so, and the client may not know yet */
  onStreamClosed(stream: OwnedStream, wasReset: boolean, answered: boolean): void;
}
