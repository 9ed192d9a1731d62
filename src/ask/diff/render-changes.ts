import { printable } from '../printable.ts';
import type { FieldChange, ItemChange } from './diff-items.ts';

const signs = { added: '+', removed: '-', changed: '~' } as const;
/** Most fields of one change that are shown as text; JSON has all. */
const maxFields = 20;

/** Changes for a terminal, under the object that they come from. Pure. */
export function renderChanges(changes: readonly ItemChange[]): string {
  if (changes.length === 0) return 'No difference.';
  const byObject = Map.groupBy(changes, ({ object }) => object ?? 'The installation');
  const sections = [...byObject].map(([object, ofObject]) => [object, ...ofObject.flatMap(changeLines)].join('\n'));
  return printable([...sections, countText(changes)].join('\n\n'));
}

function changeLines({ change, kind, name, fields }: ItemChange): readonly string[] {
  const more = fields.length > maxFields ? [`      ... and ${fields.length - maxFields} more`] : [];
  return [`  ${signs[change]} ${kind} ${name}`, ...fields.slice(0, maxFields).map((field) => `      ${fieldText(field)}`), ...more];
}

function fieldText({ field, from, to }: FieldChange): string {
  if (from === undefined) return `${field}: ${to} (new)`;
  return to === undefined ? `${field}: ${from} (gone)` : `${field}: ${from} -> ${to}`;
}

function countText(changes: readonly ItemChange[]): string {
  const count = (change: ItemChange['change']) => changes.filter((each) => each.change === change).length;
  return `${count('added')} added, ${count('removed')} removed, ${count('changed')} changed.`;
}
