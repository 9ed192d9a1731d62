import type { SmartRouteHash } from '../api/generated/smart-route.ts';
import type { HashSource } from '../routes/route.ts';

/** A part of a request as a SmartRoute names it. */
export function hashSourceOf({ type, name = '' }: Pick<SmartRouteHash, 'type' | 'name'>): HashSource {
  switch (type) {
    case 'Header':
      return { kind: 'header', name: name.toLowerCase() };
    case 'Cookie':
      return { kind: 'cookie', name };
    case 'Query':
      return { kind: 'query', name };
    case 'ClientAddress':
      return { kind: 'client-address' };
    case 'Target':
      return { kind: 'target' };
  }
}
