import { RE2JS } from 're2js';
import { prefixElements } from '../routes/compare-routes.ts';
import { maxTextWork } from '../routes/linear-regex.ts';
import type { PathMatch, PathRewrite } from '../routes/route.ts';
import type { RequestHead } from './http1/message-handler.ts';

/** Rewrites the paths of requests that a route matched. */
export class PathRewriter {
  readonly #rewrite: PathRewrite;
  readonly #matched: PathMatch;
  readonly #regex: RE2JS | undefined;

  constructor(rewrite: PathRewrite, matched: PathMatch) {
    this.#rewrite = rewrite;
    this.#matched = matched;
    this.#regex = rewrite.kind === 'regex' ? RE2JS.compile(rewrite.pattern) : undefined;
  }

  /** Path and query of the request after it; the query stays. What a pattern made is not normal by itself. Not for what `isTooLong`. */
  target({ path, target }: Pick<RequestHead, 'path' | 'target'>): string {
    return this.#path(path) + target.slice(path.length);
  }

  /** Whether looking for the pattern in it would cost too much. */
  isTooLong({ path }: Pick<RequestHead, 'path'>): boolean {
    return this.#regex !== undefined && path.length * this.#regex.programSize() > maxTextWork;
  }

  #path(path: string): string {
    const rewrite = this.#rewrite;
    switch (rewrite.kind) {
      case 'full':
        return rewrite.value;
      case 'prefix': {
        const rest = this.#matched.kind === 'prefix' ? path.slice(prefixElements(this.#matched.value).length) : '';
        return prefixElements(rewrite.value) + rest || '/';
      }
      case 'regex':
        return this.#regex === undefined ? path : this.#regex.matcher(path).replaceFirst(rewrite.substitution);
    }
  }
}
