import type { SmartRouteForward } from '../api/generated/smart-route.ts';
import type { RouteAction } from '../routes/route.ts';
import { forwardActionOf } from './forward-action.ts';
import { matchKey, noNeeds, type RouteClaim } from './host-claim.ts';
import { bindPolicyServices } from './policy-services.ts';
import { bindingsOf, findBackends } from './preserved-ports.ts';
import { rewriteOf, targetOf } from './smart-route-actions.ts';
import type { SmartRouteBackends } from './smart-route-backends.ts';
import type { SmartRouteGuards } from './smart-route-guards.ts';
import type { NamedListener } from './smart-route-listeners.ts';
import type { SmartRouteLookup } from './smart-route-lookup.ts';
import { flatHeaders } from './smart-route-policy.ts';
import type { ReadSmartRouteRule } from './smart-route-reading.ts';

/** Where a rule leads. */
interface Target extends Pick<RouteClaim, 'action' | 'bindings' | 'needs' | 'settings'> {}

type Action = Pick<RouteClaim, 'action' | 'bindings'>;

/** Resolves the rules of a SmartRoute: what each matches, and where that leads. */
export class SmartRouteRules {
  readonly #lookup: SmartRouteLookup;
  readonly #backends: SmartRouteBackends;
  readonly #guards: SmartRouteGuards;

  constructor(lookup: SmartRouteLookup, backends: SmartRouteBackends, guards: SmartRouteGuards) {
    this.#lookup = lookup;
    this.#backends = backends;
    this.#guards = guards;
  }

  /** Every match of every rule, without those that repeat another. @param listeners undefined: all of HTTP and HTTPS */
  routes(listeners: readonly NamedListener[] | undefined): readonly RouteClaim[] {
    const { clients } = this.#lookup.reading;
    const keys = listeners && { listeners: listeners.map(({ listener }) => listener.key) };
    const isForAll = keys === undefined && clients === undefined;
    const byMatch = new Map<string, RouteClaim>();
    const priority = this.#lookup.reading.spec?.priority ?? 0;
    let order = 0;
    for (const rule of this.#lookup.reading.rules) {
      const target = this.#target(rule, listeners);
      rule.matches.forEach(({ match: asked, field, broken }, index) => {
        const match = isForAll ? asked : { ...asked, ...keys, ...(clients && { clients }) };
        const key = matchKey(match, priority);
        const first = byMatch.get(key);
        if (first !== undefined) {
          // What a broken rule may have meant is nobody's text.
          if (rule.broken === undefined)
            this.#lookup.report(rule, 'DuplicatePath', field, `${first.field} matches the same and is used; remove one`);
          return;
        }
        const id = index === 0 ? rule.name : `${rule.name} ${index}`;
        byMatch.set(key, {
          id,
          match,
          priority,
          order: order++,
          ...(broken === undefined ? target : failing(rule, broken)),
          field,
          rule: rule.name,
        });
      });
    }
    return [...byMatch.values()];
  }

  #target(rule: ReadSmartRouteRule, listeners: readonly NamedListener[] | undefined): Target {
    if (rule.broken !== undefined) return failing(rule, rule.broken);
    const auth = this.#guards.auth(rule);
    const broken = this.#guards.brokenSettings(rule) ?? ('broken' in auth ? auth.broken : undefined);
    if (broken !== undefined || 'broken' in auth) return failing(rule, broken ?? '');
    const bound = bindPolicyServices(
      rule.settings,
      (...what) => this.#backends.policyService(rule, ...what),
      (...what) => this.#backends.page(rule, ...what),
    );
    const action = this.#action(rule, listeners);
    return {
      ...action,
      bindings: [...action.bindings, ...bound.bindings],
      needs: { ...auth.needs, pages: bound.pages },
      settings: { ...bound.settings, authPolicy: auth.policy },
    };
  }

  #action(rule: ReadSmartRouteRule, listeners: readonly NamedListener[] | undefined): Action {
    const { forward, redirect, respond } = rule.action;
    if (forward !== undefined) return this.#forward(rule, forward, listeners);
    const action: RouteAction =
      redirect !== undefined
        ? { kind: 'redirect', status: redirect.status ?? 302, to: targetOf(redirect) }
        : respond !== undefined
          ? { kind: 'respond', status: respond.status, headers: flatHeaders(respond.headers ?? []), body: respond.body ?? '' }
          : { kind: 'block' };
    return { action, bindings: [] };
  }

  #forward(rule: ReadSmartRouteRule, { backends, rewrite }: SmartRouteForward, listeners: readonly NamedListener[] | undefined): Action {
    const scope = { rule, settings: rule.settings };
    const backendTls = this.#backends.backendTls(scope);
    const found = backends.flatMap((backend, index) => {
      const field = `${rule.field}.action.forward.backends[${index}]`;
      return findBackends(
        backend,
        () => this.#lookup.listenersOf(listeners, ['http', 'https']),
        (preserved) => this.#backends.backend(scope, backend, field, backendTls, preserved),
      );
    });
    const bindings = bindingsOf(found);
    backendTls.reportUnused(bindings.map(({ service }) => service));
    const weighted = found.map((backend) => backend.weighted);
    if (weighted.some(({ service, weight }) => service !== undefined && weight > 0))
      return { action: forwardActionOf(weighted, rule.settings, rewrite && rewriteOf(rewrite)), bindings };
    const failure = found.find(({ result, weighted: { weight } }) => typeof result === 'string' && weight > 0)?.result;
    return { action: { kind: 'fail', status: 503, reason: typeof failure === 'string' ? failure : 'no backend' }, bindings: [] };
  }
}

/** Nobody is served, whatever the rule says. Sessions of its login go on meanwhile, so they stay ours. */
function failing({ settings: { auth } }: ReadSmartRouteRule, reason: string): Target {
  const settings = auth?.kind === 'oidc' ? { sessionCookie: auth.cookieName } : {};
  return { action: { kind: 'fail', status: 503, reason }, bindings: [], needs: noNeeds, settings };
}
