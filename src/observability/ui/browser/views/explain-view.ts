import type { BackendStep, Explanation, FilterStep } from '../../../../ask/explain/explanation.ts';
import {
  backendText,
  candidatesTitle,
  endpointStateText,
  lossText,
  problemText,
  questionLine,
  shownCandidates,
  tellingEdge,
  explanationTitles as titles,
  tlsLines,
  verdictText,
} from '../../../../ask/explain/explanation-words.ts';
import { explainForm, questionQuery } from '../components/explain-form.ts';
import { absent, code, insteadOf, muted, panel, pill, type Tone, viewHead } from '../components/pieces.ts';
import { table } from '../components/table.ts';
import { type Child, element } from '../dom/element.ts';
import type { View, ViewContext } from '../view.ts';

const name = '/debug/explain';
/** Most candidates that are shown. */
const maxCandidates = 200;

/** Where a request would go by the table that is served now, and why. */
export const explainView: View = {
  id: 'explain',
  title: 'Explain',
  pages: ({ query }) => (query.get('url') ? [name + questionQuery(query)] : []),
  render,
};

function render({ pages, query }: ViewContext): readonly Child[] {
  const asked = questionQuery(query);
  const explanation = query.get('url') ? pages.data(name, asked) : undefined;
  return [
    viewHead('Explain', undefined),
    explainForm(query),
    element(
      'div',
      { id: 'answer', role: 'status', class: 'answer' },
      ...(query.get('url') ? [refusalOf(pages.answer(name + asked)), explanation && summary(explanation)] : []),
    ),
    ...(explanation === undefined ? [] : parts(explanation)),
    query.get('url') && pages.answer(name + asked)?.kind !== 'refused' ? insteadOf(name + asked, pages) : undefined,
  ];
}

function refusalOf(answer: ReturnType<ViewContext['pages']['answer']>): Child {
  return answer?.kind === 'refused' && element('p', { class: 'notice' }, answer.why);
}

function summary(explanation: Explanation): HTMLElement {
  return element(
    'div',
    { class: explanation.matched ? 'verdict good' : 'verdict bad' },
    element('p', { class: 'verdict-line' }, explanation.summary),
    muted(questionLine(explanation)),
  );
}

function parts(explanation: Explanation): readonly Child[] {
  const { tls, winner, filters, effects, backends, problems, notes } = explanation;
  return [
    tls !== undefined && panel(titles.tls, list(tlsLines(tls))),
    tellingEdge(explanation).length > 0 && panel(titles.edge, filterTable(titles.edge, tellingEdge(explanation))),
    explanation.candidates.length > 0 && panel(candidatesTitle(explanation), ...candidateTable(explanation)),
    winner !== undefined &&
      panel(
        titles.winner,
        element(
          'p',
          {},
          element('span', { class: 'name' }, winner.object),
          winner.location !== undefined && ` (${winner.location})`,
          `: ${winner.action}`,
        ),
        muted('as ', code(winner.key)),
      ),
    filters.length > 0 && panel(titles.filters, filterTable(titles.filters, filters)),
    effects.length > 0 && panel(titles.effects, list(effects)),
    backends.length > 0 && panel(titles.backends, ...backends.map(backendBlock)),
    problems.length > 0 && panel(titles.problems, list(problems.map(problemText))),
    notes.length > 0 && panel(titles.notes, list(notes)),
  ];
}

function candidateTable(explanation: Explanation): readonly Child[] {
  const { shown, left } = shownCandidates(explanation, maxCandidates);
  const rows = shown.map((candidate) => {
    const { outcome, host, path, object, location, key } = candidate;
    const wins = outcome === 'wins';
    return {
      key,
      kind: wins ? 'wins' : undefined,
      cells: [
        pill(wins ? 'good' : 'plain', outcome),
        [code(host), ' ', code(path)],
        [object, location !== undefined && muted(location)],
        wins ? absent() : lossText(candidate),
      ],
    };
  });
  const heads = [{ title: 'Outcome' }, { title: 'Host and path' }, { title: 'Object' }, { title: 'Why it loses', kind: 'prose' }];
  return [
    table({ caption: candidatesTitle(explanation), heads, rows, namedBy: 1 }),
    left > 0 && element('p', { class: 'more' }, `... and ${left} more`),
  ];
}

const verdictTones: Readonly<Record<FilterStep['verdict'], Tone>> = {
  passes: 'good',
  answers: 'bad',
  depends: 'warning',
  'not-reached': 'plain',
};

function filterTable(caption: string, filters: readonly FilterStep[]): HTMLElement {
  const rows = filters.map((step) => ({
    cells: [code(step.name), pill(verdictTones[step.verdict], verdictText(step)), step.says || absent()],
  }));
  return table({ caption, heads: [{ title: 'Filter' }, { title: 'Verdict' }, { title: 'Why', kind: 'prose' }], rows });
}

function backendBlock(backend: BackendStep): HTMLElement {
  const title = backendText(backend);
  const rows = backend.endpoints.map((endpoint) => {
    const isUsed = endpoint.out === undefined && endpoint.state === 'ready';
    return { cells: [code(endpoint.url), pill(isUsed ? 'good' : 'warning', endpointStateText(endpoint)), endpoint.zone ?? absent()] };
  });
  return element(
    'div',
    { class: 'backend' },
    element('h3', {}, title),
    rows.length === 0
      ? element('p', { class: 'empty' }, 'no endpoints')
      : table({ caption: `Endpoints of ${title}`, heads: [{ title: 'Endpoint' }, { title: 'State' }, { title: 'Zone' }], rows }),
  );
}

function list(lines: readonly string[]): HTMLElement {
  return element('ul', { class: 'lines' }, ...lines.map((line) => element('li', {}, line)));
}
