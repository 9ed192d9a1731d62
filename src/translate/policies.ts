import type { ClientCertificateRule, Policy, RetryRules } from '../routes/policy.ts';
import { usableLimits } from './active-limits.ts';
import { clientConnectionPolicyOf, connectionPolicyOf, upgradeIdleMs } from './connection-policy.ts';
import { usablePages } from './error-page-settings.ts';
import { mergeSettings, type RouteSettings, settingsOfOptions } from './route-settings.ts';
import { shortHash } from './service-binding.ts';
import type { TranslateDefaults } from './translate-options.ts';

/** What is held of a request, or of an answer, where nothing says how much. */
export const defaultBufferBytes = 1024 * 1024;

function bufferingOf({ bufferRequests, bufferAnswers, ...sizes }: RouteSettings): Pick<Policy, 'buffering'> {
  if (bufferRequests !== true && bufferAnswers !== true) return {};
  return {
    buffering: {
      requestBytes: bufferRequests === true ? (sizes.maxBufferedRequestBytes ?? defaultBufferBytes) : 0,
      answerBytes: bufferAnswers === true ? (sizes.maxBufferedAnswerBytes ?? defaultBufferBytes) : 0,
    },
  };
}

function errorPagesOf({ errorPages = [] }: RouteSettings): Pick<Policy, 'errorPages'> {
  const pages = usablePages(errorPages);
  return pages.length === 0 ? {} : { errorPages: pages };
}

/** The mirror whose Service is there. */
function mirrorOf({ mirror }: RouteSettings): Pick<Policy, 'mirror'> {
  if (mirror?.service === undefined) return {};
  return { mirror: { service: mirror.service, percent: mirror.percent, maxBodyBytes: mirror.maxBodyBytes } };
}

/** Whether rules say more than what holds without them. */
function doesSomething({ reset, timeout, statuses, grpcStatuses, perTryTimeoutMs, backOffMs }: RetryRules): boolean {
  return reset || timeout || statuses.length + grpcStatuses.length > 0 || perTryTimeoutMs + backOffMs > 0;
}

/** Makes policies and gives equal ones one key and one reference: most routes set nothing and share two. */
export class Policies {
  readonly #defaults: RouteSettings;
  /** Of the option. */
  readonly #retries: number;
  #known = new Map<string, Policy>();

  constructor(options: TranslateDefaults) {
    this.#defaults = settingsOfOptions(options);
    this.#retries = options.retries;
  }

  /**
   * The policy of a route with these settings.
   * @param mayRedirect whether there is HTTPS to redirect to: the host has TLS and some listener serves it
   * @param clientCertificate what the host asks of clients
   * @param isDirect for connections that go to a backend as a whole
   */
  policy(settings: RouteSettings, mayRedirect: boolean, clientCertificate?: ClientCertificateRule, isDirect = false): Policy {
    const all = mergeSettings(this.#defaults, settings);
    const requestLimits = isDirect ? undefined : usableLimits(all);
    const content = {
      redirectToHttps: mayRedirect && all.redirectToHttps === true,
      timeouts: {
        connectMs: all.connectTimeoutMs ?? 0,
        readMs: all.readTimeoutMs ?? 0,
        sendMs: all.sendTimeoutMs ?? 0,
        tunnelIdleMs: upgradeIdleMs(all),
        ...(all.requestTimeoutMs && { requestMs: all.requestTimeoutMs }),
      },
      maxRequestBodyBytes: all.maxRequestBodyBytes ?? 0,
      maxCallBytes: settings.maxCallBytes ?? settings.maxRequestBodyBytes ?? 0,
      retries: all.retries === 'option' ? this.#retries : (all.retries ?? 0),
      ...(all.retryRules && doesSomething(all.retryRules) && { retryRules: all.retryRules }),
      ...(all.requestHeaders && { requestHeaders: all.requestHeaders }),
      ...(all.responseHeaders && { responseHeaders: all.responseHeaders }),
      ...(all.cors && { cors: all.cors }),
      ...(all.clients && { clients: all.clients }),
      ...mirrorOf(all),
      ...(all.accessLog === false && { accessLog: false as const }),
      ...errorPagesOf(all),
      ...bufferingOf(all),
      ...(all.maxRequestHeadBytes !== undefined && { maxRequestHeadBytes: all.maxRequestHeadBytes }),
      ...(all.compression && all.compression.algorithms.length > 0 && { compression: all.compression }),
      ...(all.rateLimits && all.rateLimits.length > 0 && { rateLimits: all.rateLimits }),
      ...(requestLimits && { requestLimits }),
      ...(isDirect && { connection: connectionPolicyOf(all) }),
      ...(all.clientConnection && { clientConnection: clientConnectionPolicyOf(all.clientConnection) }),
      ...(clientCertificate && { clientCertificate }),
      ...(all.maintenance && { maintenance: all.maintenance }),
      ...(all.authPolicy && { auth: all.authPolicy }),
      ...(all.sessionCookie !== undefined && { sessionCookie: all.sessionCookie }),
      ...(all.satisfy === 'any' && all.authPolicy && (all.clients?.allow ?? []).length > 0 && { satisfyAny: true as const }),
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
