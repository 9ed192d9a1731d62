import type { AnnotationValues } from '../api/annotations.ts';
import type { Policy } from '../routes/route-table.ts';
import { shortHash } from './service-binding.ts';
import type { TranslateOptions } from './translate-options.ts';

/** Makes policies and gives equal ones one key and one reference: most Ingresses set nothing and share two. */
export class Policies {
  readonly #options: TranslateDefaults;
  #known = new Map<string, Policy>();

  constructor(options: TranslateDefaults) {
    this.#options = options;
  }

  /** The policy of an Ingress with these annotations. @param redirectToHttps already decided for the host */
  policy(annotations: AnnotationValues, redirectToHttps: boolean): Policy {
    const options = this.#options;
    const settings = {
      redirectToHttps,
      timeouts: {
        connectMs: annotations.connectTimeout ?? options.connectTimeoutMs,
        readMs: annotations.readTimeout ?? options.readTimeoutMs,
        sendMs: annotations.sendTimeout ?? options.sendTimeoutMs,
        tunnelIdleMs: annotations.tunnelIdleTimeout ?? options.tunnelIdleTimeoutMs,
      },
      maxRequestBodyBytes: annotations.maxBodySize ?? options.maxRequestBodyBytes,
      maxCallBytes: annotations.maxBodySize ?? 0,
      retries: annotations.retries ?? options.retries,
    };
    const text = JSON.stringify(settings);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const policy = { key: `policy-${shortHash(text)}`, ...settings };
    this.#known.set(text, policy);
    return policy;
  }

  /** Forgets every policy that is not in use, so that a history of settings doesn't pile up. */
  keepOnly(used: ReadonlyMap<string, Policy>): void {
    if (this.#known.size <= used.size) return;
    this.#known = new Map([...this.#known].filter(([, policy]) => used.get(policy.key) === policy));
  }
}

/** What is inherited by routes that don't say otherwise. */
export type TranslateDefaults = Omit<TranslateOptions, 'nowMs'>;
