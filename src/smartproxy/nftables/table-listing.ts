import { isDeepStrictEqual } from 'node:util';
import type { Ruleset } from './nft-json.ts';
import type { ListedObject } from './transaction.ts';

/** Our table as the kernel has it. */
export interface TableListing {
  readonly objects: readonly ListedObject[];
  /** Without what changes by itself: two listings with the same text are the same ruleset. */
  readonly text: string;
  /** How many rules a chain has. */
  readonly ruleCounts: ReadonlyMap<string, number>;
  readonly counters: ReadonlyMap<string, CounterValue>;
}

export interface CounterValue {
  readonly packets: number;
  readonly bytes: number;
}

/** Reads the answer to `nft -j list table`. Throws SyntaxError or TypeError when it is no such answer. */
export function readListing(json: string): TableListing {
  const { nftables } = JSON.parse(json) as { readonly nftables: readonly Record<string, Record<string, unknown>>[] };
  const objects: ListedObject[] = [];
  const ruleCounts = new Map<string, number>();
  const counters = new Map<string, CounterValue>();
  const lines: string[] = [];
  for (const entry of nftables) {
    for (const [kind, properties] of Object.entries(entry)) {
      if (kind === 'metainfo' || kind === 'table') continue;
      const { handle: _, packets, bytes, ...lasting } = properties;
      const name = String(properties.name);
      if (kind === 'rule') {
        const chain = String(properties.chain);
        ruleCounts.set(chain, (ruleCounts.get(chain) ?? 0) + 1);
      } else {
        objects.push({ kind, name, properties });
        if (kind === 'counter') counters.set(name, { packets: Number(packets), bytes: Number(bytes) });
      }
      lines.push(JSON.stringify([kind, isClientSet(kind, name) ? { name } : lasting]));
    }
  }
  return { objects, text: lines.join('\n'), ruleCounts, counters };
}

/** Whether a listing has the objects of a ruleset, and as many rules in each chain; nft may spell expressions in a way of its own. */
export function hasShapeOf({ objects, ruleCounts }: TableListing, ruleset: Ruleset): boolean {
  const wantedCounts = new Map<string, number>();
  for (const { chain } of ruleset.rules) wantedCounts.set(chain, (wantedCounts.get(chain) ?? 0) + 1);
  const names = (all: readonly { readonly kind: string; readonly name: string }[]) =>
    new Set(all.map(({ kind, name }) => `${kind} ${name}`));
  return isDeepStrictEqual(names(objects), names(ruleset.objects)) && isDeepStrictEqual(ruleCounts, wantedCounts);
}

/** The kernel fills it. */
function isClientSet(kind: string, name: string): boolean {
  return kind === 'set' && name.startsWith('clients-');
}
