import type { StatusReport } from '../../../../ask/reports/status-report.ts';
import { type Child, element } from '../dom/element.ts';
import { clock, count } from '../dom/format.ts';
import type { PageAnswer } from '../model/ask-page.ts';
import { hashOf } from '../model/location.ts';
import type { LostLink } from '../model/pages.ts';
import type { Theme } from '../model/theme.ts';
import type { View } from '../view.ts';
import { code, pill } from './pieces.ts';

/** Of a pod, unless it was told another. */
const adminPort = '10255';

/** Who is looked at, and how; on every view. */
export function pageHeader(options: {
  readonly status: StatusReport | undefined;
  /** What came of asking for the status last; undefined: not asked yet. */
  readonly answer: PageAnswer | undefined;
  readonly isLost: boolean;
  readonly theme: Theme;
  readonly hasToken: boolean;
}): readonly Child[] {
  const { status, answer, isLost, theme, hasToken } = options;
  return [
    element(
      'a',
      { class: 'brand', href: hashOf('') },
      element('img', { src: 'ui/icon.svg', alt: '', width: 24, height: 24 }),
      element('span', {}, 'smartproxy-ingress'),
    ),
    element(
      'div',
      { class: 'who' },
      isLost ? pill('bad', 'lost') : statePill(status, answer),
      status !== undefined && element('span', { class: 'muted' }, whoText(status)),
    ),
    element(
      'div',
      { class: 'tools' },
      status !== undefined && changeTool(status, hasToken),
      element('button', { type: 'button', class: 'quiet', 'data-action': 'theme' }, `Theme: ${theme}`),
    ),
  ];
}

function statePill(status: StatusReport | undefined, answer: PageAnswer | undefined): HTMLElement {
  if (status === undefined) return pill('plain', answer === undefined ? 'asking' : 'not known');
  return pill(status.ready ? 'good' : 'bad', status.ready ? 'ready' : 'not ready');
}

function whoText({ version, pod, source }: StatusReport): string {
  if (source.kind === 'manifests') return `${version} · ${source.folder}`;
  return pod === undefined ? version : `${version} · ${pod.namespace}/${pod.name}`;
}

function changeTool({ admin }: StatusReport, hasToken: boolean): HTMLElement {
  if (!admin.canChange) return element('span', { class: 'muted', title: 'The program has no usable --admin-token-file' }, 'Read-only');
  if (hasToken) return element('button', { type: 'button', class: 'quiet', 'data-action': 'lock' }, 'Forget the token');
  return element('button', { type: 'button', class: 'quiet', 'data-action': 'ask-token' }, 'Read-only: enter token');
}

/** Links to all views. */
export function viewLinks(views: readonly View[], current: View, status: StatusReport | undefined): HTMLElement {
  const { errors = 0, warnings = 0 } = status?.problems ?? {};
  const found = errors + warnings;
  return element(
    'ul',
    {},
    ...views.map(({ id, title }) =>
      element(
        'li',
        {},
        element(
          'a',
          { href: hashOf(id), 'aria-current': id === current.id ? 'page' : undefined },
          element('span', { 'data-text': title }, title),
          id === 'problems' && found > 0 && element('span', { class: `badge ${errors > 0 ? 'bad' : 'warning'}` }, count(found)),
        ),
      ),
    ),
  );
}

/** That nothing answers, or something of another version; nothing when all is well. */
export function linkBanner(options: {
  readonly lost: LostLink | undefined;
  readonly status: StatusReport | undefined;
  /** What came of asking for the status last; undefined: not asked yet. */
  readonly answer: PageAnswer | undefined;
  /** Of this page. */
  readonly version: string;
}): readonly Child[] {
  const { lost, status, answer, version } = options;
  if (lost !== undefined) return [element('div', { class: 'banner bad' }, ...lostText(lost, status))];
  if (answer?.kind === 'missing')
    return [outdated(`The program at this port has no page /debug/status: it is older than this web UI, which is of version ${version}.`)];
  if (answer?.kind === 'unlike')
    return [outdated(`The program at this port is of version ${answer.version}, and this web UI of ${version}: it cannot show its state.`)];
  if (status === undefined || status.version === version) return [];
  return [outdated(`The program at this port is of version ${status.version}, and this web UI of ${version}: it may show things wrongly.`)];
}

function lostText({ sinceMs, why }: LostLink, status: StatusReport | undefined): readonly Child[] {
  return [
    element(
      'p',
      {},
      element('strong', {}, `The program is lost since ${clock(sinceMs)}`),
      `: ${why}. `,
      status !== undefined && 'What is shown is from before. ',
      ...remedy(status),
      ' This page goes on by itself then.',
    ),
    element('button', { type: 'button', 'data-action': 'retry' }, 'Try now'),
  ];
}

function remedy(status: StatusReport | undefined): readonly Child[] {
  if (status?.source.kind === 'manifests') return ['Start it again.'];
  const pod = status?.pod;
  const target =
    pod === undefined ? '-n smartproxy-ingress port-forward deploy/smartproxy-ingress' : `-n ${pod.namespace} port-forward pod/${pod.name}`;
  const port = location.port === adminPort ? adminPort : `${location.port}:${adminPort}`;
  return ['Is its pod running? Bring its port here again: ', code(`kubectl ${target} ${port}`), '.'];
}

function outdated(text: string): HTMLElement {
  return element(
    'div',
    { class: 'banner warning' },
    element('p', {}, text),
    element('button', { type: 'button', 'data-action': 'reload' }, 'Load its own'),
  );
}
