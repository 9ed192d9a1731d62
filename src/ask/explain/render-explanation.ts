import { renderColumns } from '../columns.ts';
import { printable } from '../printable.ts';
import type { BackendStep, Explanation, FilterStep } from './explanation.ts';
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
} from './explanation-words.ts';

/** Most candidates that are shown as text; JSON has all. */
const maxShown = 40;

/** An explanation for a terminal. What comes from objects or requests is on one line, without control characters. Pure. */
export function renderExplanation(explanation: Explanation): string {
  const { summary, tls, winner, filters, effects, backends, problems, notes } = explanation;
  const sections = [
    questionLine(explanation),
    summary,
    tls === undefined ? '' : section(titles.tls, tlsLines(tls)),
    section(titles.edge, tellingEdge(explanation).map(filterRow).map(joined)),
    section(candidatesTitle(explanation), candidateLines(explanation)),
    winner === undefined ? '' : section(titles.winner, [`${winner.object}${at(winner.location)}: ${winner.action}`, `as ${winner.key}`]),
    section(titles.filters, columns(filters.map(filterRow))),
    section(titles.effects, effects),
    section(titles.backends, backends.flatMap(backendLines)),
    section(titles.problems, problems.map(problemText)),
    section(titles.notes, notes),
  ];
  return sections
    .filter((text) => text !== '')
    .map(printable)
    .join('\n\n');
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n');
}

function candidateLines(explanation: Explanation): readonly string[] {
  const { shown, left } = shownCandidates(explanation, maxShown);
  const rows = shown.map((candidate) => {
    const { outcome, host, path, object, location } = candidate;
    return [outcome, host, path, object, location ?? '', lossText(candidate)];
  });
  return [...columns(rows), ...(left === 0 ? [] : [`... and ${left} more`])];
}

function filterRow(step: FilterStep): readonly string[] {
  return [step.name, verdictText(step), step.says];
}

function backendLines(backend: BackendStep): readonly string[] {
  if (backend.service === undefined) return [backendText(backend)];
  const rows = backend.endpoints.map((endpoint) => [
    `  ${endpointStateText(endpoint)}`,
    endpoint.url,
    endpoint.zone === undefined ? '' : `zone ${endpoint.zone}`,
  ]);
  return [backendText(backend), ...(rows.length === 0 ? ['  no endpoints'] : columns(rows))];
}

function at(location: string | undefined): string {
  return location === undefined ? '' : ` (${location})`;
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  return rows.length === 0 ? [] : renderColumns(rows).split('\n');
}

function joined(cells: readonly string[]): string {
  return cells.filter((cell) => cell !== '').join('  ');
}
