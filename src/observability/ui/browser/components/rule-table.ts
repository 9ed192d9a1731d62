import type { EndpointState, ReportedBackend, ReportedEndpoint } from '../../../../ask/reports/backend-report.ts';
import type { ReportedRule, RuleBackend } from '../../../../ask/reports/route-report.ts';
import { type Child, element } from '../dom/element.ts';
import { counted } from '../dom/format.ts';
import { hashOf } from '../model/location.ts';
import { type MergedRule, mergeRules } from '../model/merge-rules.ts';
import { absent, code, muted, pill, type Tone } from './pieces.ts';
import { table } from './table.ts';

const hostsShown = 4;

/** The rules of an object, with the endpoints behind each. @param backends by Service @param canChange endpoints may be drained */
export function ruleTable(
  rules: readonly ReportedRule[],
  left: number,
  backends: ReadonlyMap<string, ReportedBackend>,
  canChange: boolean,
): HTMLElement {
  const heads = [{ title: 'Match', kind: 'match' }, { title: 'What happens' }, { title: 'Endpoints', kind: 'behind' }];
  const rows = mergeRules(rules).map((rule) => ({
    key: rule.key,
    cells: [
      matchCell(rule),
      actionCell(rule),
      rule.backends.length === 0 ? withoutBackends(rule) : rule.backends.map((each) => backendCell(each, backends, canChange)),
    ],
  }));
  return element(
    'div',
    {},
    table({ caption: 'Rules', heads, rows, isInner: true }),
    left > 0 && element('p', { class: 'more' }, `${counted(left, 'rule')} more.`),
  );
}

function matchCell({ hosts, listeners, match }: MergedRule): readonly Child[] {
  const rest = hosts.length - hostsShown;
  const where = hosts.length === 0 ? listeners.join(', ') : hosts.slice(0, hostsShown).join(', ');
  return [code(match), muted(where, rest > 0 && ` and ${rest} more`)];
}

function actionCell(rule: MergedRule): readonly Child[] {
  const url = exampleUrl(rule);
  const words = element('span', { class: 'visually-hidden' }, ` ${url}`);
  return [rule.action, url !== undefined && element('a', { class: 'explain-link', href: hashOf('explain', { url }) }, 'Explain', words)];
}

function withoutBackends({ failure }: MergedRule): Child {
  return failure === undefined ? absent('none needed') : pill('bad', 'not served');
}

/** A URL that the rule may take; undefined: it is not of HTTP, or none can be made up. */
function exampleUrl({ host, match, tls }: ReportedRule): string | undefined {
  const path = /^(\/\S*) \((?:exact|prefix)\)/.exec(match)?.[1];
  if (host === undefined || host === '' || host === '*' || path === undefined) return undefined;
  return `${tls === 'none' ? 'http' : 'https'}://${host.replace(/^\*+\./, 'any.')}${path}`;
}

function backendCell(
  { service, weight, ready, total }: RuleBackend,
  backends: ReadonlyMap<string, ReportedBackend>,
  canChange: boolean,
): HTMLElement {
  if (service === undefined) return element('div', { class: 'backend' }, pill('bad', 'a missing Service'));
  const known = backends.get(service);
  return element(
    'div',
    { class: 'backend' },
    element(
      'p',
      {},
      element('span', { class: 'name' }, service),
      muted(`weight ${weight}${known === undefined ? '' : `, ${known.protocol}, ${known.balancing}`}`),
    ),
    known === undefined
      ? pill(ready === 0 ? 'bad' : ready < total ? 'warning' : 'good', `${ready} of ${total} ready`)
      : element(
          'ul',
          { class: 'endpoints' },
          ...known.endpoints.map((endpoint) => endpointItem(endpoint, canChange)),
          known.endpoints.length === 0 && element('li', {}, 'no endpoints'),
          known.moreEndpoints > 0 && element('li', {}, `${known.moreEndpoints} more`),
        ),
  );
}

const tones: Readonly<Record<EndpointState, Tone>> = {
  ready: 'good',
  out: 'bad',
  drained: 'warning',
  draining: 'warning',
  fallback: 'warning',
};

function endpointItem({ address, state, reason, zone, active, requests }: ReportedEndpoint, canChange: boolean): HTMLElement {
  const facts: readonly Child[] = [
    `${counted(requests, 'request')}, ${active} under way`,
    zone !== undefined && `, zone ${zone}`,
    reason !== undefined && `, ${reason}`,
  ];
  return element('li', {}, pill(tones[state], state), ' ', code(address), ' ', muted(...facts), canChange && drainButton(address, state));
}

function drainButton(address: string, state: EndpointState): HTMLElement {
  const isDrained = state === 'drained';
  return element(
    'button',
    {
      type: 'button',
      class: isDrained ? undefined : 'danger',
      'data-action': isDrained ? 'end-drain' : 'ask-drain',
      'data-id': address,
      'aria-label': isDrained ? `Use again ${address}` : `Drain ${address}`,
    },
    isDrained ? 'Use again' : 'Drain',
  );
}
