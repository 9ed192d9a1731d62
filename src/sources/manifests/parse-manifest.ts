import { isUtf8 } from 'node:buffer';
import { type Document, isMap, isNode, isSeq, LineCounter, parseAllDocuments, type YAMLParseError } from 'yaml';
import type { LineProblem, LocatedObject } from './located-object.ts';
import { readObject } from './read-object.ts';

/** What one file says. Objects that are wrong by themselves are problems; the others of the file count. */
export interface Manifest {
  readonly objects: readonly LocatedObject[];
  readonly problems: readonly LineProblem[];
  /** How many objects of kinds that we do not read, by `kind.apiVersion`. */
  readonly skipped: ReadonlyMap<string, number>;
}

/** A file either parses, or the reason and place why it does not. */
export type ParseResult = { readonly kind: 'parsed'; readonly manifest: Manifest } | ({ readonly kind: 'failed' } & LineProblem);

/** A value of the file that should be an object. */
interface Candidate {
  readonly value: unknown;
  readonly line: number;
}

/** Most aliases that one document may expand to (YAML's own defence against documents that grow when they are read). */
const maxAliases = 1000;

/** Parses YAML or JSON (which is YAML): any number of documents, lists among them. Pure; error texts quote nothing of the file. */
export function parseManifest(bytes: Uint8Array): ParseResult {
  if (!isUtf8(bytes)) return { kind: 'failed', line: lineThatIsNotUtf8(bytes), message: 'not UTF-8 text' };
  const lines = new LineCounter();
  const text = new TextDecoder().decode(bytes);
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true, logLevel: 'silent' });
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line);
  const candidates: Candidate[] = [];
  for (const document of [...documents]) {
    const [error] = document.errors;
    if (error !== undefined) return { kind: 'failed', line: lineAt(error.pos[0]), message: messageOf(error) };
    try {
      candidates.push(...candidatesOf(document, lineAt));
    } catch (error) {
      return { kind: 'failed', line: lineAt(startOf(document.contents)), message: withoutQuotes(String((error as Error).message)) };
    }
  }
  return { kind: 'parsed', manifest: readCandidates(candidates) };
}

/** The document itself, or the items of its `List` (`IngressList` and the like, whose items may leave out kind and version). */
function candidatesOf(document: Document.Parsed, lineAt: (offset: number) => number): Candidate[] {
  const { contents } = document;
  const value: unknown = document.toJS({ maxAliasCount: maxAliases });
  if (value === null || value === undefined) return [];
  const line = lineAt(startOf(contents));
  if (!isList(value)) return [{ value, line }];
  const items = isMap(contents) ? contents.get('items', true) : undefined;
  const inherited = value.kind === 'List' ? {} : { kind: value.kind.slice(0, -'List'.length), apiVersion: value.apiVersion };
  return value.items.map((item: unknown, index) => ({
    value: typeof item === 'object' && item !== null && !Array.isArray(item) ? { ...inherited, ...item } : item,
    line: isSeq(items) ? lineAt(startOf(items.items[index])) : line,
  }));
}

function readCandidates(candidates: readonly Candidate[]): Manifest {
  const objects: LocatedObject[] = [];
  const problems: LineProblem[] = [];
  const skipped = new Map<string, number>();
  for (const { value, line } of candidates) {
    const read = readObject(value);
    if (read.kind === 'object') objects.push({ object: read.object, line });
    else if (read.kind === 'problem') problems.push({ line, message: read.message });
    else skipped.set(read.name, (skipped.get(read.name) ?? 0) + 1);
  }
  return { objects, problems, skipped };
}

function isList(value: unknown): value is { readonly kind: string; readonly apiVersion?: unknown; readonly items: readonly unknown[] } {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items);
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

function messageOf({ code, message }: YAMLParseError): string {
  return code === 'RESOURCE_EXHAUSTION' ? 'nested too deeply' : withoutQuotes(message);
}

/** The parser's messages may end with a piece of the file, which may be a Secret. */
function withoutQuotes(message: string): string {
  return message.split(/: "|\n/, 1)[0] ?? message;
}

function lineThatIsNotUtf8(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline;
    if (!isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
  return line;
}
