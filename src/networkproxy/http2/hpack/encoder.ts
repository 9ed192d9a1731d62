import { encodeHuffman, huffmanLength } from './huffman.ts';
import { staticTable } from './static-table.ts';

/** The most that we keep of a table, whatever the peer would take. */
export const encoderTableBytes = 4096;
const entryOverheadBytes = 32;
/** Larger entries would push out too many others. */
const maxEntryBytes = 512;

/** How a field's name decides what happens to its value. */
const Policy = {
  /** Into the dynamic table: it comes again. */
  indexed: 0,
  /** Spelled out: the next answer has another value. */
  literal: 1,
  /** Spelled out, and no hop may put it into a table (RFC 7541 section 7.1.3). */
  never: 2,
} as const;
type Policy = (typeof Policy)[keyof typeof Policy];

const changing = [
  ...['content-length', 'content-range', 'etag', 'last-modified', 'expires', 'age', 'location', 'x-request-id', 'traceparent'],
  ...[':path', 'if-none-match', 'if-modified-since', 'range', 'grpc-message'],
];
const secret = ['set-cookie', 'cookie', 'authorization', 'proxy-authorization'];

interface Entry {
  readonly value: string;
  /** Counts all entries that were ever inserted: the index is how many came after it. */
  readonly serial: number;
}

/** What is known of a name: where the tables have it. */
interface Slot {
  readonly name: string;
  readonly policy: Policy;
  /** The first static entry with this name, 0 for none. */
  readonly staticIndex: number;
  readonly staticValues: readonly { readonly value: string; readonly index: number }[];
}

/**
 * The sending half of HPACK (RFC 7541), with a dynamic table for values that repeat. Names are found by a map whose keys are the same
 * strings each time; values are compared with the few entries of their name.
 */
export class HpackEncoder {
  /** The dynamic entries of each name, newest last. */
  readonly #entries = new Map<string, Entry[]>();
  /** Names and sizes in the order of insertion: `#oldest` is the first that is not evicted. */
  #order: { readonly name: string; readonly size: number }[] = [];
  #oldest = 0;
  /** Entries that were ever inserted. */
  #inserted = 0;
  #bytes = 0;
  #maxBytes = encoderTableBytes;
  /** The smallest and the last size since the last block, to be announced; -1: nothing changed. */
  #smallest = -1;

  /** Bytes of the dynamic table by RFC 7541 section 4.1. */
  get tableBytes(): number {
    return this.#bytes;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  setMaxTableBytes(bytes: number): void {
    const size = Math.min(bytes, encoderTableBytes);
    if (size === this.#maxBytes && this.#smallest === -1) return;
    this.#smallest = this.#smallest === -1 ? size : Math.min(this.#smallest, size);
    this.#maxBytes = size;
    this.#evictTo(size);
  }

  /** Room that `begin` and these fields take at most. */
  static maxBytes(headers: readonly string[]): number {
    // Size updates and `:status`; for a field its type, index and lengths. Huffman is only used where it is shorter.
    let bytes = 32;
    for (let i = 0; i < headers.length; i++) bytes += (headers[i] as string).length + 8;
    return bytes;
  }

  /** Begins a block at `at`; must come before its first field. */
  begin(buffer: Buffer, at: number): number {
    if (this.#smallest === -1) return at;
    let position = at;
    if (this.#smallest < this.#maxBytes) position = writeInteger(buffer, position, 0x20, 0x1f, this.#smallest);
    this.#smallest = -1;
    return writeInteger(buffer, position, 0x20, 0x1f, this.#maxBytes);
  }

  /** Encodes a flat list at `at` and returns the position behind it. */
  fields(headers: readonly string[], buffer: Buffer, at: number): number {
    let position = at;
    for (let i = 0; i < headers.length; i += 2) position = this.field(headers[i] as string, headers[i + 1] as string, buffer, position);
    return position;
  }

  /** Encodes one field: a lower-case name and a latin1 value. */
  field(name: string, value: string, buffer: Buffer, at: number): number {
    const slot = slots.get(name) ?? unknownSlot;
    const { staticValues } = slot;
    for (let i = 0; i < staticValues.length; i++) {
      const entry = staticValues[i] as { readonly value: string; readonly index: number };
      if (entry.value === value) return writeInteger(buffer, at, 0x80, 0x7f, entry.index);
    }
    if (slot.policy === Policy.never) return this.#literal(0x10, 0x0f, slot.staticIndex, name, value, buffer, at);
    const entries = this.#entries.get(name);
    let nameIndex = slot.staticIndex;
    if (entries !== undefined) {
      for (let i = entries.length - 1; i >= 0; i--) {
        const entry = entries[i] as Entry;
        if (entry.value === value) return writeInteger(buffer, at, 0x80, 0x7f, this.#indexOf(entry));
      }
      if (nameIndex === 0) nameIndex = this.#indexOf(entries[entries.length - 1] as Entry);
    }
    const size = name.length + value.length + entryOverheadBytes;
    if (slot.policy === Policy.literal || size > maxEntryBytes || size > this.#maxBytes) {
      return this.#literal(0x00, 0x0f, nameIndex, name, value, buffer, at);
    }
    const end = this.#literal(0x40, 0x3f, nameIndex, name, value, buffer, at);
    this.#insert(name, value, size);
    return end;
  }

  #indexOf(entry: Entry): number {
    return staticTable.length + this.#inserted - 1 - entry.serial;
  }

  #literal(pattern: number, prefix: number, nameIndex: number, name: string, value: string, buffer: Buffer, at: number): number {
    let position = writeInteger(buffer, at, pattern, prefix, nameIndex);
    if (nameIndex === 0) position = writeString(buffer, position, name);
    return writeString(buffer, position, value);
  }

  #insert(name: string, value: string, size: number): void {
    this.#evictTo(this.#maxBytes - size);
    const entry: Entry = { value, serial: this.#inserted++ };
    const known = this.#entries.get(name);
    if (known === undefined) this.#entries.set(name, [entry]);
    else known.push(entry);
    this.#order.push({ name, size });
    this.#bytes += size;
  }

  #evictTo(bytes: number): void {
    while (this.#bytes > bytes && this.#oldest < this.#order.length) {
      const { name, size } = this.#order[this.#oldest++] as { readonly name: string; readonly size: number };
      this.#bytes -= size;
      const entries = this.#entries.get(name);
      if (entries === undefined || entries.length <= 1) this.#entries.delete(name);
      else entries.shift();
    }
    if (this.#oldest < 256) return;
    this.#order = this.#order.slice(this.#oldest);
    this.#oldest = 0;
  }
}

/** RFC 7541 section 5.1: an integer behind the bits of `pattern`. */
function writeInteger(buffer: Buffer, at: number, pattern: number, prefix: number, value: number): number {
  if (value < prefix) {
    buffer[at] = pattern | value;
    return at + 1;
  }
  buffer[at] = pattern | prefix;
  let position = at + 1;
  let rest = value - prefix;
  while (rest >= 0x80) {
    buffer[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[position++] = rest;
  return position;
}

/** RFC 7541 section 5.2, in the shorter of the two forms. */
function writeString(buffer: Buffer, at: number, text: string): number {
  const huffman = huffmanLength(text);
  if (huffman < text.length) return encodeHuffman(text, buffer, writeInteger(buffer, at, 0x80, 0x7f, huffman));
  const start = writeInteger(buffer, at, 0x00, 0x7f, text.length);
  return start + buffer.write(text, start, 'latin1');
}

const unknownSlot: Slot = { name: '', policy: Policy.indexed, staticIndex: 0, staticValues: [] };
const slots: ReadonlyMap<string, Slot> = makeSlots();

function makeSlots(): Map<string, Slot> {
  const made = new Map<string, Slot>();
  const names = new Set([...staticTable.slice(1).map(({ name }) => name), ...changing, ...secret]);
  for (const name of names) {
    const staticIndex = Math.max(
      0,
      staticTable.findIndex((field, index) => index > 0 && field.name === name),
    );
    const staticValues = staticTable.flatMap((field, index) =>
      index > 0 && field.name === name && field.value !== '' ? [{ value: field.value, index }] : [],
    );
    const policy = secret.includes(name) ? Policy.never : changing.includes(name) ? Policy.literal : Policy.indexed;
    made.set(name, { name, policy, staticIndex, staticValues });
  }
  return made;
}
