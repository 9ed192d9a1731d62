import type { Policy } from '../routes/route-table.ts';
import { mergeSettings, type RouteSettings, settingsOfOptions } from './route-settings.ts';
import { shortHash } from './service-binding.ts';
import type { TranslateDefaults } from './translate-options.ts';

/** Makes policies and gives equal ones one key and one reference: most routes set nothing and share two. */
export class Policies {
  readonly #defaults: RouteSettings;
  #known = new Map<string, Policy>();

  constructor(options: TranslateDefaults) {
    this.#defaults = settingsOfOptions(options);
  }

  /**
   * The policy of a route with these settings.
   * @param mayRedirect whether there is HTTPS to redirect to: the host has TLS and some listener serves it
   */
  policy(settings: RouteSettings, mayRedirect: boolean): Policy {
    const all = mergeSettings(this.#defaults, settings);
    const content = {
      redirectToHttps: mayRedirect && all.redirectToHttps === true,
      timeouts: {
        connectMs: all.connectTimeoutMs ?? 0,
        readMs: all.readTimeoutMs ?? 0,
        sendMs: all.sendTimeoutMs ?? 0,
        tunnelIdleMs: all.tunnelIdleTimeoutMs ?? 0,
      },
      maxRequestBodyBytes: all.maxRequestBodyBytes ?? 0,
      maxCallBytes: settings.maxRequestBodyBytes ?? 0,
      retries: all.retries ?? 0,
      ...(all.requestHeaders && { requestHeaders: all.requestHeaders }),
      ...(all.responseHeaders && { responseHeaders: all.responseHeaders }),
      ...(all.cors && { cors: all.cors }),
      ...(all.clients && { clients: all.clients }),
    };
    const text = JSON.stringify(content);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const policy = { key: `policy-${shortHash(text)}`, ...content };
    this.#known.set(text, policy);
    return policy;
  }

  /** Forgets every policy that is not in use, so that a history of settings doesn't pile up. */
  keepOnly(used: ReadonlyMap<string, Policy>): void {
    if (this.#known.size <= used.size) return;
    this.#known = new Map([...this.#known].filter(([, policy]) => used.get(policy.key) === policy));
  }
}
