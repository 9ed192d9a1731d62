import { type Column, dataTable } from '../components/data-table.ts';
import { absent, code, muted, pill, type Tone, viewHead } from '../components/pieces.ts';
import { routeChoice } from '../components/route-choice.ts';
import { type Child, element } from '../dom/element.ts';
import { clock, count, counted, meanDuration } from '../dom/format.ts';
import { hashOf } from '../model/location.ts';
import type { PassedRequest, Tap } from '../model/tap.ts';
import type { View, ViewContext } from '../view.ts';

/** Requests as they pass. They come as a page that goes on, which is not among those that are asked for again and again. */
export const tapView: View = { id: 'tap', title: 'Requests', pages: () => [], render };

const fields = [
  { name: 'host', label: 'Host', placeholder: 'any' },
  { name: 'status', label: 'Status', placeholder: 'any, 404 or 5xx' },
  { name: 'rate', label: 'Most a second', placeholder: '10' },
] as const;

/** What the program is asked for, of the address. */
export function tapQuery(query: URLSearchParams): string {
  const asked = ['route', ...fields.map(({ name }) => name)].flatMap((name) => {
    const value = query.get(name)?.trim() ?? '';
    return value === '' ? [] : [[name, value]];
  });
  return `?${new URLSearchParams(asked)}`;
}

function render({ tap, query }: ViewContext): readonly Child[] {
  const { requests, skipped, state } = tap;
  const isPaused = state.kind === 'paused';
  const isNarrowed = ['route', 'host', 'status'].some((name) => query.get(name));
  const amount = `${counted(requests.length, 'request')}${skipped === 0 ? '' : `, ${count(skipped)} more came too fast`}`;
  return [
    viewHead('Requests', amount, element('button', { type: 'button', 'data-action': 'tap-pause' }, isPaused ? 'Go on' : 'Pause')),
    element('div', { class: 'fields' }, ...fields.map((field) => fieldOf(field, query))),
    routeChoice('tap', query),
    stateLine(state),
    dataTable({
      view: 'tap',
      caption: 'Requests as they ended, the newest first',
      columns,
      rows: requests,
      keyOf: ({ place }) => String(place),
      query,
      empty: isPaused ? 'No request came before.' : `No request ${isNarrowed ? 'that fits ' : ''}came yet.`,
    }),
  ];
}

function fieldOf({ name, label, placeholder }: (typeof fields)[number], query: URLSearchParams): HTMLElement {
  return element(
    'label',
    {},
    element('span', {}, label),
    element('input', {
      type: 'search',
      'data-query': name,
      value: query.get(name) ?? '',
      placeholder,
      autocomplete: 'off',
      autocapitalize: 'off',
      spellcheck: 'false',
    }),
  );
}

function stateLine(state: Tap['state']): HTMLElement {
  switch (state.kind) {
    case 'opening':
      return element('p', { class: 'choice' }, 'Asking …');
    case 'live':
      return element('p', { class: 'choice' }, 'Live: the newest 200, without queries, headers and bodies.');
    case 'paused':
      return element('p', { class: 'choice' }, 'Paused: the program is not asked.');
    case 'refused':
      return element(
        'p',
        { class: 'notice' },
        `${state.why} `,
        element('button', { type: 'button', 'data-action': 'tap-retry' }, 'Try again'),
      );
    case 'lost':
      return element('p', { class: 'notice' }, 'Nothing answers; it is asked again.');
  }
}

const columns: readonly Column<PassedRequest>[] = [
  {
    id: 'request',
    title: 'Request',
    kind: 'prose',
    cell: ({ method, path, scheme, host }) => [element('span', { class: 'name' }, `${method} ${path}`), muted(`${scheme}://${host}`)],
  },
  { id: 'ended', title: 'Ended', kind: 'nowrap', cell: ({ endedAtMs }) => clock(endedAtMs) },
  {
    id: 'answer',
    title: 'Answer',
    cell: ({ status, flag }) => [pill(toneOf(status), status === 0 ? 'none' : String(status)), flag !== undefined && muted(code(flag))],
  },
  {
    id: 'route',
    title: 'Route',
    cell: ({ route }) => (route === undefined ? absent('none') : element('a', { href: hashOf('tap', { route }) }, route)),
  },
  { id: 'took', title: 'Took', kind: 'number', cell: ({ durationMs }) => meanDuration(durationMs) },
  {
    id: 'endpoint',
    title: 'Endpoint',
    kind: 'wide',
    cell: ({ endpoint }) => (endpoint === undefined ? absent() : code(endpoint)),
  },
  { id: 'client', title: 'Client', kind: 'wide', cell: ({ remoteAddress }) => remoteAddress },
  { id: 'why', title: 'Why', cell: explainLink },
];

function explainLink({ method, scheme, host, path }: PassedRequest): Child {
  const url = `${scheme}://${host}${path}`;
  const words = element('span', { class: 'visually-hidden' }, ` ${method} ${url}`);
  return element('a', { href: hashOf('explain', { url, method: method === 'GET' ? '' : method }) }, 'Explain', words);
}

function toneOf(status: number): Tone {
  if (status >= 500 || status === 0) return 'bad';
  return status >= 400 ? 'warning' : 'good';
}
