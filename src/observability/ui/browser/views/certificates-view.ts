import type { ReportedCertificate } from '../../../../cli/certificate-report.ts';
import { dataTable } from '../components/data-table.ts';
import { filtered, filterField } from '../components/filter-field.ts';
import { absent, amountText, code, insteadOf, muted, panel, pill, type Tone, viewHead } from '../components/pieces.ts';
import { type Child, element } from '../dom/element.ts';
import { counted, fromNow, shortTime } from '../dom/format.ts';
import type { View, ViewContext } from '../view.ts';

const path = '/debug/certificates';
const soonMs = 14 * 86_400_000;
const namesShown = 4;

/** Certificates that hosts are shown or that are ordered, those that need a look first. */
export const certificatesView: View = { id: 'certificates', title: 'Certificates', pages: () => [path], render };

function render({ pages, query, nowMs }: ViewContext): readonly Child[] {
  const page = pages.data(path);
  const rows = page?.certificates ?? [];
  const shown = filtered(rows, query, ({ secret, names, issuer, issuedBy, state }) =>
    [secret, ...names, issuer, issuedBy, state].join(' '),
  );
  const problems = page?.problems ?? [];
  return [
    viewHead(
      'Certificates',
      page && amountText(shown.length, rows.length + page.more, 'certificate'),
      filterField('name, Secret or issuer', query),
    ),
    insteadOf(path, pages),
    page &&
      dataTable({
        view: 'certificates',
        caption: 'Certificates',
        columns: columnsAt(nowMs),
        rows: shown,
        keyOf: ({ secret }) => secret,
        query,
        empty: rows.length === 0 ? 'There are no certificates.' : 'No certificate fits the filter.',
      }),
    problems.length > 0 &&
      panel(
        'What is wrong about certificates',
        element(
          'ul',
          { class: 'findings' },
          ...problems.map(({ object, reason, message }) =>
            element('li', {}, element('span', { class: 'name' }, object), ' ', code(reason), ' ', message),
          ),
        ),
      ),
  ];
}

function columnsAt(nowMs: number) {
  return [
    {
      id: 'names',
      title: 'Names',
      sortBy: ({ names }: ReportedCertificate) => names[0] ?? '',
      cell: ({ names, secret }: ReportedCertificate) => [element('span', { class: 'name' }, namesText(names)), muted(secret)],
    },
    {
      id: 'state',
      title: 'State',
      sortBy: ({ state }: ReportedCertificate) => state,
      cell: (row: ReportedCertificate) => stateCell(row, nowMs),
    },
    {
      id: 'expires',
      title: 'Expires',
      sortBy: ({ expires }: ReportedCertificate) => expires ?? '',
      cell: ({ expires }: ReportedCertificate) => timeCell(expires, nowMs),
    },
    {
      id: 'issuer',
      title: 'Issued by',
      sortBy: ({ issuedBy }: ReportedCertificate) => issuedBy ?? '',
      cell: ({ issuedBy, issuer }: ReportedCertificate) => [issuedBy ?? '–', issuer !== undefined && muted(`ordered from ${issuer}`)],
    },
    {
      id: 'renewal',
      title: 'Next renewal',
      sortBy: ({ nextAttempt }: ReportedCertificate) => nextAttempt ?? '',
      cell: ({ nextAttempt, issuer }: ReportedCertificate) =>
        nextAttempt === undefined ? absent(issuer === undefined ? 'not ordered here' : '–') : timeCell(nextAttempt, nowMs),
    },
    {
      id: 'problem',
      title: 'Last attempt',
      kind: 'prose',
      cell: ({ lastAttempt, failures, problem }: ReportedCertificate) => [
        shortTime(lastAttempt),
        failures > 0 && muted(`${counted(failures, 'failure')} in a row: ${problem ?? ''}`),
      ],
    },
  ];
}

function namesText(names: readonly string[]): string {
  const rest = names.length - namesShown;
  return names.length === 0 ? '–' : `${names.slice(0, namesShown).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function stateCell({ state, expires, failures }: ReportedCertificate, nowMs: number): HTMLElement {
  const isSoon = state === 'valid' && expires !== undefined && Date.parse(expires) - nowMs < soonMs;
  const tone: Tone = state !== 'valid' ? 'bad' : isSoon || failures > 0 ? 'warning' : 'good';
  return pill(tone, isSoon ? 'expires soon' : state);
}

function timeCell(iso: string | undefined, nowMs: number): readonly Child[] {
  return iso === undefined ? ['–'] : [element('time', { datetime: iso }, shortTime(iso)), muted(fromNow(iso, nowMs))];
}
