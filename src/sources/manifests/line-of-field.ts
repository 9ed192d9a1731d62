import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, type YAMLMap } from 'yaml';

/** An object of a manifest file, as `locationOf` knows it. */
export interface LocatedName {
  /** The line, from 1, that it begins on. */
  readonly line: number;
  readonly kind: string;
  readonly name: string;
}

/** Lines of one manifest file's fields. */
export interface FieldLines {
  /**
   * The line, from 1, of a field (`spec.rules[0].host`, `metadata.annotations[smartproxy.dev/x]`) of an object: that of the nearest part of it
   * that is there, so at least the object's own. What an alias or a merge key stands for has the line where it is written.
   */
  lineOf(object: LocatedName, field: string): number;
}

/** Reads a file for its lines alone. One that does not parse, or has another object on that line by now, has only those of objects. */
export function readFieldLines(text: string): FieldLines {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true, logLevel: 'silent' });
  const lineAt = (node: unknown): number | undefined => {
    const offset = isNode(node) ? node.range?.[0] : undefined;
    return offset === undefined ? undefined : Math.max(1, lines.linePos(offset).line);
  };
  const objects = Map.groupBy([...documents].flatMap(candidates), ({ written }) => lineAt(written));
  return {
    lineOf(object, field) {
      const found = objects.get(object.line)?.find((written) => isObject(written, object));
      let line = object.line;
      let node: unknown = found?.map;
      for (const step of stepsOf(field)) {
        const next = stepInto(node, step, found?.document);
        if (next === undefined) break;
        node = next.value;
        line = lineAt(next.key) ?? lineAt(next.value) ?? line;
      }
      return line;
    },
  };
}

interface WrittenObject {
  readonly document: Document;
  readonly map: YAMLMap;
  /** The object itself, or the alias that stands for it. */
  readonly written: Node;
}

/** The objects of a document: itself, or the items of a list. */
function candidates(document: Document): readonly WrittenObject[] {
  const { contents } = document;
  if (!isMap(contents)) return [];
  const items = resolved(contents.get('items', true), document);
  const all = isSeq(items) ? [contents, ...items.items.filter(isNode)] : [contents];
  return all.flatMap((written) => {
    const map = resolved(written, document);
    return isMap(map) ? [{ document, map, written }] : [];
  });
}

/** Items of an `IngressList` may leave their kind out. */
function isObject({ map, document }: WrittenObject, { kind, name }: LocatedName): boolean {
  const below = (step: string, of: unknown): unknown => stepInto(of, step, document)?.value;
  const textOf = (node: unknown): string | undefined => (isScalar(node) ? String(node.value) : undefined);
  return (textOf(below('kind', map)) ?? kind) === kind && textOf(below('name', below('metadata', map))) === name;
}

interface Step {
  readonly key: unknown;
  readonly value: unknown;
}

function stepInto(from: unknown, step: string, document: Document | undefined, depth = 0): Step | undefined {
  const node = resolved(from, document);
  if (isSeq(node)) {
    const item = node.items[Number(step)];
    return item === undefined ? undefined : { key: item, value: item };
  }
  if (!isMap(node)) return undefined;
  const own = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
  return own === undefined ? stepIntoMerged(node, step, document, depth) : { key: own.key, value: own.value };
}

/** What merges itself has no end. */
const maxMerges = 100;

/** A field that `<<: *base` or `<<: [*a, *b]` brings: the first that has it counts. */
function stepIntoMerged(node: YAMLMap, step: string, document: Document | undefined, depth: number): Step | undefined {
  if (depth === maxMerges) return undefined;
  for (const { key, value } of node.items) {
    if (!isScalar(key) || typeof key.value !== 'symbol') continue;
    const merged = resolved(value, document);
    for (const one of isSeq(merged) ? merged.items : [merged]) {
      const found = isMap(resolved(one, document)) ? stepInto(one, step, document, depth + 1) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function resolved(node: unknown, document: Document | undefined): unknown {
  return isAlias(node) && document !== undefined ? node.resolve(document) : node;
}

/** `a.b[0][c.d/e].f` as a, b, 0, c.d/e, f. */
function stepsOf(field: string): readonly string[] {
  return [...field.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, inBrackets, plain]) => inBrackets ?? plain ?? '');
}
