import type { CompiledRoute } from '../routes/compiled-table.ts';
import { HeaderEditor } from './header-editor.ts';
import type { RequestHead } from './http1/message-handler.ts';
import { errorReply, type LocalReply } from './local-reply.ts';
import { normaliseTarget } from './path-normalisation.ts';
import { PathRewriter } from './path-rewriter.ts';

const tooCostly = 'patterns_too_costly';

/** The answer to a request that can't be rewritten: its path was fine, so the route is to blame. @param why of `RequestRewriter.rewrite` */
export function rewriteRefused(why: string): LocalReply {
  return why === tooCostly ? errorReply(tooCostly, 'rewriting') : errorReply('rewrite_failed', why);
}

/** What a route changes of requests on their way to a backend. */
export class RequestRewriter {
  readonly #host: string | undefined;
  readonly #path: PathRewriter | undefined;
  readonly #headers: HeaderEditor | undefined;

  private constructor(host: string | undefined, path: PathRewriter | undefined, headers: HeaderEditor | undefined) {
    this.#host = host;
    this.#path = path;
    this.#headers = headers;
  }

  /** undefined: requests go on as they are. */
  static of({ route: { action, match }, policy }: CompiledRoute): RequestRewriter | undefined {
    const { host, path } = (action.kind === 'forward' ? action.rewrite : undefined) ?? {};
    const edits = policy.requestHeaders;
    if (host === undefined && path === undefined && edits === undefined) return undefined;
    return new RequestRewriter(host, path && new PathRewriter(path, match.path), edits && new HeaderEditor(edits));
  }

  /**
   * The head for the backend; or why there is none (`rewriteRefused`): a pattern made a path of parts that do not fit together, or would cost
   * too much to look for. As it came the request must not go on: the backend would see a path that the route does not let through.
   */
  rewrite(head: RequestHead): RequestHead | string {
    let { target } = head;
    if (this.#path !== undefined) {
      if (this.#path.isTooLong(head)) return tooCostly;
      const result = normaliseTarget(this.#path.target(head));
      if (result.kind === 'refused') return result.rule;
      target = result.target;
    }
    return {
      ...head,
      target,
      authority: this.#host ?? head.authority,
      headers: this.#headers?.edit(head.headers) ?? head.headers,
    };
  }
}
