/** What is shown: the hash of the address, `#/routes?filter=shop`. */
export interface Place {
  /** `routes`; '' when there is none. */
  readonly view: string;
  readonly query: URLSearchParams;
}

/** undefined: the hash is no place, but an element of the page. */
export function placeOf(hash: string): Place | undefined {
  if (hash !== '' && !hash.startsWith('#/')) return undefined;
  const place = hash.slice(2);
  // A `?` within the query belongs to it.
  const end = place.indexOf('?');
  return end < 0
    ? { view: place, query: new URLSearchParams() }
    : { view: place.slice(0, end), query: new URLSearchParams(place.slice(end)) };
}

/** The hash of a place; what is empty is left out. */
export function hashOf(view: string, query: Readonly<Record<string, string>> | URLSearchParams = {}): string {
  const given = [...new URLSearchParams(query)].filter(([, value]) => value !== '');
  return `#/${view}${given.length === 0 ? '' : `?${new URLSearchParams(given)}`}`;
}
