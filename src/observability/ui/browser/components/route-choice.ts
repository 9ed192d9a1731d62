import { element } from '../dom/element.ts';
import { count } from '../dom/format.ts';
import { hashOf } from '../model/location.ts';
import { code } from './pieces.ts';

/** Says that only one route is shown, and how to see all; undefined: all are. */
export function routeChoice(view: string, query: URLSearchParams): HTMLElement | undefined {
  const route = query.get('route');
  if (route === null) return undefined;
  const rest = new URLSearchParams(query);
  rest.delete('route');
  return element(
    'p',
    { class: 'choice' },
    'Of route ',
    code(route),
    ' only. ',
    element('a', { href: hashOf(view, rest) }, 'Show all routes'),
  );
}

/** Says that there may be more than were asked for, and how to see others. */
export function onlySome(limit: number): HTMLElement {
  return element('p', { class: 'notice' }, `Only ${count(limit)} are asked for: choose a route to see its own.`);
}
