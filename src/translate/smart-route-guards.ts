import { isNetwork } from '../address-list.ts';
import { authFields, readAuth } from './auth-reader.ts';
import { isCallbackMatched } from './callback-match.ts';
import type { AuthReading } from './installation-guards.ts';
import { quote } from './problem-list.ts';
import { losesSlash, substitutionProblem } from './smart-route-actions.ts';
import type { SmartRouteBackends } from './smart-route-backends.ts';
import type { SmartRouteLookup, SmartRouteScope } from './smart-route-lookup.ts';
import type { ReadSmartRouteRule } from './smart-route-reading.ts';

/** Resolves who may use a SmartRoute, and says why nobody may where that can't be had. */
export class SmartRouteGuards {
  readonly #lookup: SmartRouteLookup;
  readonly #backends: SmartRouteBackends;

  constructor(lookup: SmartRouteLookup, backends: SmartRouteBackends) {
    this.#lookup = lookup;
    this.#backends = backends;
  }

  /** Who may ask, as the rule's policy says. */
  auth(rule: ReadSmartRouteRule): AuthReading {
    const { ref } = this.#lookup.reading;
    const where = `${rule.ownSettings.auth === undefined ? 'spec' : rule.field}.policy.auth.`;
    const { settings, name } = rule;
    const found = readAuth(
      { ref, rule: name, settings: settings.auth, fieldOf: (part) => where + authFields[part] },
      {
        reads: this.#lookup.reads,
        problems: this.#lookup.problems,
        options: this.#lookup.options,
        bind: ({ namespace, port, ...backend }, field) =>
          this.#backends.bindPlain(rule, { ...backend, namespace: namespace ?? ref.namespace, port }, field),
      },
    );
    if (!('broken' in found)) this.#reportCallback(rule, where);
    return found;
  }

  #reportCallback(rule: ReadSmartRouteRule, where: string): void {
    const { auth } = rule.settings;
    const { rules } = this.#lookup.reading;
    if (auth?.kind !== 'oidc' || isCallbackMatched(auth, rules)) return;
    const sentence = `no rule with this login matches ${quote(auth.callbackPath)}, so nobody who logs in comes back; name a path that the rule matches`;
    this.#lookup.report(rule, 'CallbackNotMatched', `${where}oidc.callbackPath`, sentence);
  }

  /** Why a rule must not be served at all: a list of clients, or a pattern, that can't be used. */
  brokenSettings(rule: ReadSmartRouteRule): string | undefined {
    const { settings, ownSettings } = rule;
    const whereOf = (name: 'clients' | 'maintenance'): string => (ownSettings[name] === undefined ? 'spec' : rule.field);
    const broken =
      this.brokenClients({ rule, settings }, whereOf('clients')) ?? this.brokenMaintenance({ rule, settings }, whereOf('maintenance'));
    if (broken !== undefined) return broken;
    const path = rule.action.forward?.rewrite?.path;
    if (path?.type !== 'ReplaceRegex') return undefined;
    const why = substitutionProblem(path.pattern ?? '', path.value);
    if (why === undefined) {
      this.#tellOfLostSlash(rule, path.pattern ?? '', path.value);
      return undefined;
    }
    const sentence = `the pattern ${quote(path.pattern)} ${why}; until then the rule answers 503`;
    this.#lookup.report(rule, 'InvalidRegex', `${rule.field}.action.forward.rewrite.path`, sentence);
    return 'a pattern can not be used';
  }

  /** What the pattern does not fit goes on as it is, so the rule is served. */
  #tellOfLostSlash(rule: ReadSmartRouteRule, pattern: string, value: string): void {
    if (!losesSlash(pattern, value)) return;
    const sentence = `${quote(value)} in place of ${quote(pattern)} makes paths without a slash at the beginning; write /${value}; until then requests that the pattern fits are answered 500`;
    this.#lookup.report(rule, 'InvalidRegex', `${rule.field}.action.forward.rewrite.path.value`, sentence);
  }

  /** Why the list of those let in during maintenance can't be used. @param where the policy stands: `spec` or a rule's field */
  brokenMaintenance({ rule, settings: { maintenance } }: SmartRouteScope, where: string): string | undefined {
    const wrong = maintenance === undefined || maintenance === false ? undefined : maintenance.allow.find((cidr) => !isNetwork(cidr));
    if (wrong === undefined) return undefined;
    const sentence = `${quote(wrong)} is no address or CIDR, so nobody is let in; correct it`;
    this.#lookup.report(rule, 'InvalidAddress', `${where}.policy.maintenance.allow`, sentence);
    return `${quote(wrong)} is no address or CIDR`;
  }

  /** Why the lists of clients can't be used. @param where the policy stands: `spec` or a rule's field */
  brokenClients({ rule, settings: { clients } }: SmartRouteScope, where: string): string | undefined {
    const wrong = [...(clients?.allow ?? []), ...(clients?.deny ?? [])].find((cidr) => !isNetwork(cidr));
    if (wrong === undefined) return undefined;
    const sentence = `${quote(wrong)} is no address or CIDR, so nobody is let in; correct it`;
    this.#lookup.report(rule, 'InvalidAddress', `${where}.policy.clients`, sentence);
    return `${quote(wrong)} is no address or CIDR`;
  }
}
