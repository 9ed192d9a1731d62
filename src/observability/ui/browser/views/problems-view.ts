import type { ProblemReport, ReportedObjectProblem } from '../../../../ask/reports/problem-report.ts';
import { durationText } from '../../../../ask/units.ts';
import { reasonDoc } from '../../../../translate/problem-docs.ts';
import { dataTable } from '../components/data-table.ts';
import { filtered, filterField } from '../components/filter-field.ts';
import { amountText, code, insteadOf, muted, pill, type Tone, viewHead } from '../components/pieces.ts';
import { element } from '../dom/element.ts';
import type { View, ViewContext } from '../view.ts';

interface Row {
  readonly level: 'error' | 'warning';
  readonly subject: string;
  readonly place: string;
  readonly reason: string;
  /** What is wrong and what to do. */
  readonly message: string;
  /** What is served until then. */
  readonly meanwhile: string;
}

const path = '/debug/problems';

/** What is wrong: in objects, in their source, and with endpoints. */
export const problemsView: View = { id: 'problems', title: 'Problems', pages: () => [path], render };

function render({ pages, query }: ViewContext) {
  const page = pages.data(path);
  const rows = page === undefined ? [] : rowsOf(page);
  const total = page === undefined ? 0 : page.total.sources + page.total.objects + page.total.endpoints;
  const shown = filtered(rows, query, (row) => Object.values(row).join(' '));
  return [
    viewHead('Problems', page && amountText(shown.length, total, 'problem'), filterField('object, reason or text', query)),
    insteadOf(path, pages),
    page &&
      dataTable({
        view: 'problems',
        caption: 'Problems',
        columns,
        rows: shown,
        keyOf,
        query,
        empty: rows.length === 0 ? 'Nothing is wrong.' : 'No problem fits the filter.',
      }),
  ];
}

const tones: Readonly<Record<Row['level'], Tone>> = { error: 'bad', warning: 'warning' };

const columns = [
  {
    id: 'subject',
    title: 'What',
    sortBy: ({ subject }: Row) => subject,
    cell: ({ subject, place }: Row) => [element('span', { class: 'name' }, subject), place !== '' && muted(place)],
  },
  { id: 'level', title: 'Level', sortBy: ({ level }: Row) => level, cell: ({ level }: Row) => pill(tones[level], level) },
  { id: 'reason', title: 'Reason', kind: 'nowrap', sortBy: ({ reason }: Row) => reason, cell: ({ reason }: Row) => code(reason) },
  {
    id: 'message',
    title: 'What to do',
    kind: 'prose',
    cell: ({ message, meanwhile }: Row) => [element('span', {}, message), meanwhile !== '' && muted(`Meanwhile: ${meanwhile}`)],
  },
];

function keyOf({ subject, place, reason, message }: Row): string {
  return `${subject} ${place} ${reason} ${message}`;
}

function rowsOf({ sources, objects, endpoints }: ProblemReport): readonly Row[] {
  const rows: Row[] = [
    ...sources.map(({ where, reason = 'InvalidManifest', message }) => ({
      level: 'error' as const,
      subject: where,
      place: '',
      reason,
      message,
      meanwhile: '',
    })),
    ...objects.map(objectRow),
    ...endpoints.map(({ service, endpoint, reason, forMs, detail }) => ({
      level: 'warning' as const,
      subject: `Endpoint ${endpoint}`,
      place: service,
      reason,
      message: `It is out of rotation${detail === undefined ? '' : `: ${detail}`}. ${forMs === undefined ? 'It is used again when it is well' : `It is tried again in ${durationText(forMs)}`}: look at the pod behind it.`,
      meanwhile: 'Other endpoints of the Service get its share.',
    })),
  ];
  return rows.sort((a, b) => (a.level === b.level ? 0 : a.level === 'error' ? -1 : 1));
}

function objectRow({ object: { kind, namespace, name }, field, location, level, reason, message }: ReportedObjectProblem): Row {
  const subject = `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
  // A program of another version may know other reasons.
  const doc: ReturnType<typeof reasonDoc> | undefined = reasonDoc(reason);
  return {
    level,
    subject,
    place: [location, field].filter(Boolean).join(' · '),
    reason,
    message: withoutSubject(message, `${subject}, ${field}: `),
    meanwhile: plain(doc?.meanwhile ?? ''),
  };
}

/** Messages stand alone; here object and field are beside them. */
function withoutSubject(message: string, subject: string): string {
  if (!message.startsWith(subject)) return message;
  const rest = message.slice(subject.length);
  return rest.slice(0, 1).toUpperCase() + rest.slice(1);
}

/** Without the marks of the documentation's format. */
function plain(text: string): string {
  return text.replaceAll('`', '').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
}
