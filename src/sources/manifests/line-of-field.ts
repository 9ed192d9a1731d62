import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';

/** Lines of one manifest file's fields. */
export interface FieldLines {
  /**
   * The line, from 1, of a field (`spec.rules[0].host`, `metadata.annotations[smartproxy.dev/x]`) of the object that begins on `objectLine`:
   * that of the nearest part of it that is there, so at least the object's own.
   */
  lineOf(objectLine: number, field: string): number;
}

/** Reads a file for its lines alone; one that does not parse has only those of objects. */
export function readFieldLines(text: string): FieldLines {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true, logLevel: 'silent' });
  const lineAt = (node: unknown): number | undefined => {
    const offset = hasRange(node) ? node.range[0] : undefined;
    return offset === undefined ? undefined : Math.max(1, lines.linePos(offset).line);
  };
  const objects = new Map<number | undefined, Node>();
  for (const node of [...documents].flatMap(candidates)) objects.set(lineAt(node), node);
  return {
    lineOf(objectLine, field) {
      let node: unknown = objects.get(objectLine);
      let line = objectLine;
      for (const step of stepsOf(field)) {
        const found = stepInto(node, step);
        if (found === undefined) break;
        node = found.value;
        line = lineAt(found.key) ?? lineAt(found.value) ?? line;
      }
      return line;
    },
  };
}

/** The objects of a document: itself, or the items of a list. */
function candidates({ contents }: Document): readonly Node[] {
  if (!isMap(contents)) return [];
  const items = contents.get('items', true);
  return isSeq(items) ? [contents, ...items.items.filter((item): item is Node => isMap(item))] : [contents];
}

function stepInto(node: unknown, step: string): { readonly key: unknown; readonly value: unknown } | undefined {
  if (isAlias(node)) return undefined;
  if (isSeq(node)) {
    const item = node.items[Number(step)];
    return item === undefined ? undefined : { key: item, value: item };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
  return pair === undefined ? undefined : { key: pair.key, value: pair.value };
}

/** `a.b[0][c.d/e].f` as a, b, 0, c.d/e, f. */
function stepsOf(field: string): readonly string[] {
  return [...field.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, inBrackets, plain]) => inBrackets ?? plain ?? '');
}

function hasRange(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}
