import { codeLengths, endOfString } from '../../src/networkproxy/http2/hpack/huffman-code.ts';
import { staticTable } from '../../src/networkproxy/http2/hpack/static-table.ts';

type Field = readonly [name: string, value: string];

const tableLimit = 4096;

/**
 * HPACK decoding as RFC 7541 tells it, without a thought for speed: a list for the table, a map of bit strings for Huffman. Of the code
 * under test it shares the two tables of the RFC alone, which the RFC's own examples check.
 */
export class NaiveHpack {
  readonly #table: Field[] = [];
  #limit = tableLimit;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /** The fields of one block; throws when it is no valid HPACK. */
  decode(block: Buffer): readonly Field[] {
    this.#bytes = block;
    this.#at = 0;
    const fields: Field[] = [];
    while (this.#at < block.length) {
      const first = block[this.#at] as number;
      if (first >= 0x80) {
        fields.push(this.#entry(this.#integer(7)));
      } else if (first >= 0x20 && first < 0x40) {
        if (fields.length > 0) throw new Error('a size update within a block');
        this.#resize(this.#integer(5));
      } else {
        const field = this.#literal(first >= 0x40 ? 6 : 4);
        fields.push(field);
        if (first >= 0x40) this.#insert(field);
      }
    }
    return fields;
  }

  get tableBytes(): number {
    return this.#table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
  }

  #literal(prefix: number): Field {
    const index = this.#integer(prefix);
    const name = index === 0 ? this.#string() : this.#entry(index)[0];
    return [name, this.#string()];
  }

  #entry(index: number): Field {
    const fixed = staticTable[index];
    if (index > 0 && fixed !== undefined) return [fixed.name, fixed.value];
    const entry = this.#table[index - staticTable.length];
    if (index === 0 || entry === undefined) throw new Error(`no entry ${index}`);
    return entry;
  }

  #insert(field: Field): void {
    this.#table.unshift(field);
    while (this.tableBytes > this.#limit) this.#table.pop();
  }

  #resize(limit: number): void {
    if (limit > tableLimit) throw new Error('a table larger than offered');
    this.#limit = limit;
    while (this.tableBytes > limit) this.#table.pop();
  }

  #integer(prefix: number): number {
    const max = 2 ** prefix - 1;
    let value = this.#byte() & max;
    if (value < max) return value;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      if (factor > 2 ** 40) throw new Error('an integer without end');
    }
  }

  #string(): string {
    const isHuffman = (this.#bytes[this.#at] ?? 0) >= 0x80;
    const length = this.#integer(7);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw new Error('a string that is cut');
    this.#at += length;
    return isHuffman ? huffman(bytes) : bytes.toString('latin1');
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Error('a block that is cut');
    return byte;
  }
}

function huffman(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  let text = '';
  let code = '';
  for (const bit of bits) {
    code += bit;
    const symbol = symbolOf.get(code);
    if (symbol === undefined) continue;
    if (symbol === endOfString) throw new Error('the end of the string within it');
    text += String.fromCharCode(symbol);
    code = '';
  }
  if (code.length > 7 || code.includes('0')) throw new Error('padding that is not the beginning of the end');
  return text;
}

/** Codes of one length count upwards in the order of their symbols, and each length goes on where the shorter one ended. */
const symbolOf: ReadonlyMap<string, number> = (() => {
  const symbols = [...codeLengths.keys()].sort((a, b) => (codeLengths[a] as number) - (codeLengths[b] as number) || a - b);
  const codes = new Map<string, number>();
  let code = 0;
  let length = 0;
  for (const symbol of symbols) {
    const next = codeLengths[symbol] as number;
    code *= 2 ** (next - length);
    length = next;
    codes.set(code.toString(2).padStart(length, '0'), symbol);
    code++;
  }
  return codes;
})();
