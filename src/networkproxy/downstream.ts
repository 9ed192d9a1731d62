import type { ConnectionSide, TerminationReason } from '../observability/counters/termination-reason.ts';
import type { CompiledRoute } from '../routes/compiled-table.ts';
import type { ClientConnectionPolicy } from '../routes/policy.ts';
import type { AcceptedConnection } from './accepted-connection.ts';
import type { ClientFacts } from './client-facts.ts';
import type { RequestHead, ResponseHead } from './http1/message-handler.ts';
import type { ErrorCode } from './http2/frames.ts';
import type { LocalReply } from './local-reply.ts';
import type { UpstreamRequest } from './upstream/upstream-request.ts';

/** The client's side of one exchange, whatever its HTTP version: where the answer goes and where the request's body comes from. */
export interface Downstream {
  readonly facts: ClientFacts;
  readonly connection: AcceptedConnection;
  /** Lent bytes are written from where they are; whoever copies what waits wants them in small pieces. */
  readonly takesLent: boolean;
  /** The request's route is found. @param policy what that says of the connection; undefined: nothing */
  keepAs(policy: ClientConnectionPolicy | undefined): void;
  /** Goes on reading the request; an exchange begins with its body held back. */
  resumeRequest(): void;
  pauseRequest(): void;
  sendContinue(): void;
  sendInformational(head: ResponseHead): void;
  sendHead(head: ResponseHead, request: RequestHead): void;
  /**
   * The bytes are valid during the call only.
   * @param isLent they stay valid when the next `flush` says that the client is behind, until it no longer is
   */
  sendBody(chunk: Buffer, isLent: boolean): void;
  sendEnd(trailers: readonly string[]): void;
  /** Writes out what was sent. False: the client is behind; `Exchange.onDownstreamDrain` follows. */
  flush(): boolean;
  /** The whole answer at once. */
  sendReply(reply: LocalReply, request: RequestHead): void;
  /** The exchange is over; the next may begin. */
  exchangeDone(): void;
  /** Breaks the answer off so that the client notices. @param code what an HTTP/2 backend ended its stream with */
  abort(side: ConnectionSide, reason: TerminationReason, code?: ErrorCode): void;
  /** Answers 101 and hands both sides to a tunnel. False: the backend's handshake is none, and the client got no answer. */
  startTunnel(head: ResponseHead, upstream: UpstreamRequest, route: CompiledRoute): boolean;
}
