import type { RouteMatch, ValueMatch } from '../routes/route.ts';

/** What a route asks of a request beside its host: `/cart (prefix), GET or POST, header x-canary to be "always"`. */
export function matchText({ path, methods, headers, query, clients }: RouteMatch): string {
  return [
    `${path.value} (${path.kind})`,
    ...(methods.length === 0 ? [] : [methods.join(' or ')]),
    ...headers.map((wanted) => `header ${wantedText(wanted)}`),
    ...query.map((wanted) => `query ${wantedText(wanted)}`),
    ...(clients === undefined ? [] : [`from ${clients.join(' or ')}`]),
  ].join(', ');
}

/** What a header or query parameter has to be. What a request has there is not repeated: it may be a token. */
export function wantedText({ name, kind, value }: ValueMatch): string {
  switch (kind) {
    case 'exact':
      return `${name} to be ${JSON.stringify(value)}`;
    case 'prefix':
      return `${name} to begin with ${JSON.stringify(value)}`;
    case 'regex':
    case 'unusable-regex':
      return `${name} to fit ${value}`;
    case 'present':
      return `${name} to be there`;
    case 'absent':
      return `${name} not to be there`;
  }
}
