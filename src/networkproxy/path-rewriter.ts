import { RE2JS } from 're2js';
import { prefixElements } from '../routes/compare-routes.ts';
import { maxPatternText } from '../routes/linear-regex.ts';
import type { PathMatch, PathRewrite } from '../routes/route-table.ts';
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

  /** Path and query of the request after it; the query stays. What a pattern made is not normal by itself. */
  target({ path, target }: Pick<RequestHead, 'path' | 'target'>): string {
    return this.#path(path) + target.slice(path.length);
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
        // What is too long to match a pattern is not searched for one either.
        if (this.#regex === undefined || path.length > maxPatternText) return path;
        return this.#regex.matcher(path).replaceFirst(rewrite.substitution);
    }
  }
}
