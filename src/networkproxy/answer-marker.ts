import type { Policy } from '../routes/policy.ts';
import { Cors } from './cors.ts';
import { HeaderEditor, withoutEditsOf } from './header-editor.ts';

/** By these fields client and backend agree to switch, and to what (RFC 6455, section 4.2.2); `Connection` and `Upgrade` nobody can edit. */
const handshake: ReadonlySet<string> = new Set(['sec-websocket-accept', 'sec-websocket-extensions', 'sec-websocket-protocol']);

/** What a route changes of the headers of answers. */
export class AnswerMarker {
  readonly cors: Cors | undefined;
  readonly #headers: HeaderEditor | undefined;
  readonly #switching: HeaderEditor | undefined;

  private constructor({ cors, responseHeaders }: Policy) {
    this.cors = cors && Cors.of(cors);
    this.#headers = responseHeaders && new HeaderEditor(responseHeaders);
    this.#switching = responseHeaders && new HeaderEditor(withoutEditsOf(responseHeaders, handshake));
  }

  /** undefined: answers go on as they are. */
  static of(policy: Policy): AnswerMarker | undefined {
    return policy.cors === undefined && policy.responseHeaders === undefined ? undefined : new AnswerMarker(policy);
  }

  /** Headers of a backend's answer. @param requestHeaders what the client asked with */
  mark(headers: readonly string[], requestHeaders: readonly string[]): readonly string[] {
    const marked = this.cors?.mark(headers, requestHeaders) ?? headers;
    return this.#headers?.edit(marked) ?? marked;
  }

  /** Headers of a backend's answer that switches protocols: what both ends have agreed on stays. */
  markSwitching(headers: readonly string[]): readonly string[] {
    return this.#switching?.edit(headers) ?? headers;
  }
}
