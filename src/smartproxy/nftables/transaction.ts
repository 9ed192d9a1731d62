import { declarationOf, type NftObject, type Ruleset } from './nft-json.ts';

/** An object of a table as the kernel has it. */
export interface ListedObject {
  readonly kind: string;
  readonly name: string;
  /** As nft lists it. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Kinds in the order in which they can go: what refers before what is referred to. */
const removalOrder = ['chain', 'map', 'set', 'limit', 'counter'];

/**
 * Commands that make our table what `ruleset` says, all or nothing: `nft -j -f -` runs them as one transaction of the kernel, and packets
 * meet the rules before or after it. Counters, limits and the buckets of clients that stay keep what they have counted.
 * @param existing what is in the table now; undefined: there is none
 */
export function transaction(table: string, existing: readonly ListedObject[] | undefined, ruleset: Ruleset): object {
  const place = { family: 'inet', table };
  const wholeTable = { table: { family: 'inet', name: table } };
  const isFit = existing?.every((object) => fits(object, ruleset)) ?? false;
  const kept = isFit ? (existing ?? []) : [];
  const wanted = new Set(ruleset.objects.map(keyOf));
  const there = new Set(kept.map(keyOf));
  const stale = kept.filter((object) => !wanted.has(keyOf(object)));
  const emptied = kept.filter(({ kind, name }) => kind === 'map' || (kind === 'set' && !name.startsWith('clients-')));
  return {
    nftables: [
      { metainfo: { json_schema_version: 1 } },
      { add: wholeTable },
      // What stands in the way of what we need goes with the whole table.
      ...(existing !== undefined && !isFit ? [{ delete: wholeTable }, { add: wholeTable }] : []),
      { flush: wholeTable },
      ...emptied.map(({ kind, name }) => ({ flush: { [kind]: { ...place, name } } })),
      ...removalOrder.flatMap((kind) =>
        stale.filter((object) => object.kind === kind).map(({ name }) => ({ delete: { [kind]: { ...place, name } } })),
      ),
      // Not again: a set that the kernel fills is listed with a flag that nft takes in no declaration.
      ...ruleset.objects
        .filter((object) => !there.has(keyOf(object)))
        .map((object) => ({ add: { [object.kind]: { ...place, ...declarationOf(object) } } })),
      ...ruleset.elements.map(({ of, elements }) => ({ add: { element: { ...place, name: of, elem: elements } } })),
      ...ruleset.rules.map(({ chain, statements }) => ({ add: { rule: { ...place, chain, expr: statements } } })),
    ],
  };
}

/** Commands that take the table away, whether it is there or not. */
export function removal(table: string): object {
  const wholeTable = { table: { family: 'inet', name: table } };
  return { nftables: [{ metainfo: { json_schema_version: 1 } }, { add: wholeTable }, { delete: wholeTable }] };
}

/** Whether an object can stay as it is or go by itself: one of its name that we want must be of the same sort. */
function fits({ kind, name, properties }: ListedObject, { objects }: Ruleset): boolean {
  const wanted = objects.find((object) => object.name === name && object.kind === kind);
  if (!removalOrder.includes(kind)) return false;
  if (wanted === undefined) return true;
  const declared = declarationOf(wanted);
  return ['type', 'hook', 'prio'].every((property) => JSON.stringify(declared[property]) === JSON.stringify(properties[property]));
}

function keyOf({ kind, name }: Pick<NftObject, 'kind' | 'name'> | Pick<ListedObject, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}
