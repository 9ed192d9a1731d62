import type { ObjectKind } from '../../api/objects.ts';
import type { TableItem } from './table-items.ts';

/** A running program's table and a folder's, as far as one can be held against the other. */
export interface ComparedItems {
  readonly before: ReadonlyMap<string, TableItem>;
  readonly after: ReadonlyMap<string, TableItem>;
  /** What is left out and why, a sentence each. */
  readonly notes: readonly string[];
}

/** What a folder is known by. */
export interface ComparedFolder {
  readonly items: ReadonlyMap<string, TableItem>;
  readonly counts: ReadonlyMap<ObjectKind, number>;
  /** `Ingress shop/web`: every object. */
  readonly objects: ReadonlySet<string>;
}

const partsOfKinds: readonly { readonly kind: ObjectKind; readonly items: readonly TableItem['kind'][]; readonly word: string }[] = [
  { kind: 'EndpointSlice', items: ['endpoints'], word: 'endpoints' },
  { kind: 'Secret', items: ['certificate'], word: 'certificates' },
  { kind: 'SmartProxyConfig', items: ['listener', 'settings'], word: 'listeners and settings' },
  { kind: 'ConfigMap', items: ['page'], word: 'error pages' },
];

/**
 * A folder holds a part of what a cluster has. What it has no object for at all is not compared, and of what remains only what comes of
 * objects that it holds, unless it is all that there should be.
 * @param isAll what the folder does not hold is taken for deleted
 */
export function compareWithFolder(live: ReadonlyMap<string, TableItem>, folder: ComparedFolder, isAll: boolean): ComparedItems {
  const absent = partsOfKinds.filter(({ kind }) => (folder.counts.get(kind) ?? 0) === 0);
  const left = new Set(absent.flatMap(({ items }) => items));
  const isOfFolder = (id: string, { object }: TableItem) => (object === undefined ? folder.items.has(id) : folder.objects.has(object));
  const kept = (items: ReadonlyMap<string, TableItem>): ReadonlyMap<string, TableItem> => {
    const compared = [...items].filter(([id, item]) => !left.has(item.kind) && (isAll || isOfFolder(id, item)));
    return new Map(left.has('certificate') ? compared.map(([id, item]) => [id, withoutCertificates(item)] as const) : compared);
  };
  const notes = absent.map(({ kind, word }) => `Not compared: ${word}, for the folder holds no ${kind}.`);
  if (!isAll) notes.push('Compared: what objects of the folder make. With --prune, what it does not hold is taken for deleted.');
  return { before: kept(live), after: kept(folder.items), notes };
}

function withoutCertificates(item: TableItem): TableItem {
  if (item.kind !== 'tls') return item;
  return { ...item, fields: new Map([...item.fields].filter(([field]) => field !== 'certificates')) };
}
