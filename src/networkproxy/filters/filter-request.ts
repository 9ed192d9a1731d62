import type { ActivePlaces } from '../../rates/active-counts.ts';
import type { CompiledTable } from '../../routes/compiled-table.ts';
import type { HeaderEdits } from '../../routes/policy.ts';
import { withoutSessionCookies } from '../auth/oidc/session-cookies.ts';
import type { ClientFacts } from '../client-facts.ts';
import { HeaderEditor } from '../header-editor.ts';
import type { RequestHead } from '../http1/message-handler.ts';
import type { ProxyContext } from '../proxy-context.ts';

/** A request that is being decided, and what filters found out about it. One for each request. */
export class FilterRequest {
  readonly head: RequestHead;
  readonly facts: ClientFacts;
  readonly table: CompiledTable;
  readonly context: ProxyContext;
  readonly requestId: string;
  /** Who asks, for the access log; set by filters that know. */
  user: string | undefined = undefined;
  /** Fields more for the answer, whoever makes it; flat, undefined: none. */
  answerFields: string[] | undefined = undefined;
  /** Its places in the limits of its route, which it gives back when it is over; undefined: it has none. */
  places: ActivePlaces | undefined = undefined;
  /** `cookieName` of each login at the host, whose cookies are ours alone; undefined: there is none. */
  sessionCookies: readonly string[] | undefined = undefined;
  #changes: ((head: RequestHead) => RequestHead)[] | undefined = undefined;

  constructor(head: RequestHead, facts: ClientFacts, table: CompiledTable, context: ProxyContext, requestId: string) {
    this.head = head;
    this.facts = facts;
    this.table = table;
    this.context = context;
    this.requestId = requestId;
  }

  /** Changes what the backend gets, after what filters before have changed and before what the policy sets. */
  changeRequest(change: (head: RequestHead) => RequestHead): void {
    (this.#changes ??= []).push(change);
  }

  /** As `changeRequest`, of headers. */
  editRequest(edits: HeaderEdits): void {
    this.changeRequest((head) => ({ ...head, headers: new HeaderEditor(edits).edit(head.headers) }));
  }

  /** Adds fields to the answer. */
  addToAnswer(fields: readonly string[]): void {
    (this.answerFields ??= []).push(...fields);
  }

  /** The head as other servers than the backend may have it: the same when it holds nothing of ours. */
  forOthers(): RequestHead {
    return this.sessionCookies === undefined ? this.head : withoutSessionCookies(this.head, this.sessionCookies);
  }

  /** The head as filters want the backend to have it: the same when none wants anything, and it holds nothing of ours. */
  changed(): RequestHead {
    const own = this.forOthers();
    return this.#changes?.reduce((head, change) => change(head), own) ?? own;
  }
}
