import { objectKey } from '../api/objects.ts';
import { printable } from '../ask/printable.ts';
import type { Snapshot } from '../sources/object-store.ts';
import { type ClassOptions, classNameOf, IngressClasses } from '../translate/ingress-classes.ts';

/** Most that are named. */
const maxNamed = 5;

/** What of a folder nothing is said about, a sentence each: objects whose class is another controller's or none, or that there are none. Pure. */
export function foreignObjects(snapshot: Snapshot, options: ClassOptions): readonly string[] {
  const classes = new IngressClasses(snapshot.of('IngressClass'), options);
  const routed = [...snapshot.of('Ingress').values(), ...snapshot.of('SmartRoute').values()];
  if (routed.length === 0) return ['There is no Ingress and no SmartRoute to look at.'];
  const foreign = routed.filter((object) => classes.ownership(object) === 'foreign');
  if (foreign.length === 0) return [];
  const named = foreign.slice(0, maxNamed).map((object) => {
    return `${object.kind} ${objectKey(object)} (${classNameOf(object) ?? 'no class'})`;
  });
  const more = foreign.length > maxNamed ? `, and ${foreign.length - maxNamed} more` : '';
  return [printable(`Not looked at, for their class is not ours: ${named.join(', ')}${more}.`)];
}
