import { element } from '../dom/element.ts';

/** The field that narrows the rows of a view; `/` goes there. @param what it looks at: `object, host or Service` */
export function filterField(what: string, query: URLSearchParams): HTMLElement {
  return element(
    'label',
    { class: 'filter' },
    element('span', { class: 'visually-hidden' }, `Filter by ${what}`),
    element('input', {
      type: 'search',
      'data-query': 'filter',
      value: query.get('filter') ?? '',
      placeholder: `Filter by ${what}`,
      autocomplete: 'off',
      spellcheck: 'false',
      'aria-keyshortcuts': '/',
    }),
    element('kbd', { 'aria-hidden': 'true' }, '/'),
  );
}

/** The rows that have all the words of the filter somewhere in their text. */
export function filtered<R>(rows: readonly R[], query: URLSearchParams, textOf: (row: R) => string): readonly R[] {
  const words = (query.get('filter') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = textOf(row).toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
