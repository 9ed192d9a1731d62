import type { Policy } from '../routes/policy.ts';
import { Cors } from './cors.ts';
import { HeaderEditor } from './header-editor.ts';

/** What a route changes of the headers of answers. */
export class AnswerMarker {
  readonly cors: Cors | undefined;
  readonly #headers: HeaderEditor | undefined;

  private constructor({ cors, responseHeaders }: Policy) {
    this.cors = cors && Cors.of(cors);
    this.#headers = responseHeaders && new HeaderEditor(responseHeaders);
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
}
