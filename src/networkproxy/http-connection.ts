import { reasonOfSocketError, type TerminationReason } from '../observability/counters/termination-reason.ts';
import type { ClientConnectionPolicy } from '../routes/policy.ts';
import { Deadline } from '../timer-wheel.ts';
import type { AcceptedConnection } from './accepted-connection.ts';
import type { ClientFacts } from './client-facts.ts';
import { KeptConnection } from './kept-connection.ts';
import type { Mortal } from './lifetime.ts';
import type { BufferHolder } from './overload/buffer-budget.ts';
import type { ProxyContext } from './proxy-context.ts';

/** What a client's connection is whatever its version of HTTP: how long it is kept, and why it ends when nothing is wrong with it. */
export abstract class HttpConnection extends Deadline implements BufferHolder, Mortal {
  readonly facts: ClientFacts;
  readonly connection: AcceptedConnection;
  heldBytes = 0;
  heldSinceMs = 0;
  protected readonly context: ProxyContext;
  /** Why it ends before its idle time; undefined: it does not, or the process is ending. */
  #leaving: 'overload' | 'connection_timeout' | undefined = undefined;
  /** undefined: no route has had a say yet. */
  #kept: KeptConnection | undefined = undefined;

  constructor(context: ProxyContext, connection: AcceptedConnection, facts: ClientFacts) {
    super();
    this.context = context;
    this.connection = connection;
    this.facts = facts;
  }

  /** No request is to follow those that are under way, or may be on their way. */
  abstract drain(): void;

  abstract giveUp(): void;

  /** A request has found its route. @param policy what that says of the connection; undefined: nothing */
  keepAs(policy: ClientConnectionPolicy | undefined): void {
    if (policy === undefined && this.#kept === undefined) return;
    this.#kept ??= new KeptConnection(this.context.wheel, this.connection, this);
    this.#kept.follow(policy);
  }

  onLifetimeEnd(): void {
    this.#leaving ??= 'connection_timeout';
    this.drain();
  }

  /** It is asked to end, whether the process goes on or not. */
  protected get isLeaving(): boolean {
    return this.#leaving !== undefined;
  }

  /** The worker is short of something that fewer connections would save. */
  protected leaveForOverload(): void {
    this.#leaving ??= 'overload';
    this.context.overload.count('closed');
  }

  /** How long it may be open without a request under way; 0: no limit. */
  protected get idleMs(): number {
    const { keepAliveTimeoutMs } = this.context.clientLimits;
    return this.#kept === undefined ? keepAliveTimeoutMs : this.#kept.idleMs(keepAliveTimeoutMs);
  }

  /** Why it ends that nothing is wrong with, `otherwise` when neither drain, overload nor its age asks for it. */
  protected reasonToLeave(otherwise: TerminationReason): TerminationReason {
    return this.context.isDraining() ? 'drain' : (this.#leaving ?? otherwise);
  }

  /** It is no connection of requests any more. */
  protected letGo(): void {
    this.#kept?.close();
  }

  readonly onClientError = (error: Error & { code?: string }): void => {
    this.connection.end('client', reasonOfSocketError(error));
  };
}
