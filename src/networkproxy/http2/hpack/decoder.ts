import { HeaderField } from './header-field.ts';
import { decodeHuffman } from './huffman.ts';
import { firstDynamicIndex, staticTable } from './static-table.ts';

/** Takes the fields of a block in their order. */
export interface FieldSink {
  onField(field: HeaderField): void;
}

/** The size of the dynamic table that we offer, RFC 7541's default. */
export const decoderTableBytes = 4096;
/** Entries that fit at most, each counting 32 bytes beside its text; a power of two, so that positions wrap by a mask. */
const ringSlots = 128;
const ringMask = ringSlots - 1;
/** More than any integer needs that we accept, so that long encodings end. */
const maxInteger = 0x00ff_ffff;

/**
 * The receiving half of HPACK (RFC 7541). Fields that the tables hold come out as the same objects each time: a block of indexes makes
 * no string.
 */
export class HpackDecoder {
  readonly #ring: (HeaderField | undefined)[] = new Array<HeaderField | undefined>(ringSlots).fill(undefined);
  /** Where the newest entry is. */
  #newest = 0;
  #count = 0;
  #bytes = 0;
  #maxBytes = decoderTableBytes;
  /** Where the reading is; the helpers move it on. */
  #at = 0;
  readonly #scratch: Buffer;

  /** @param scratch room for the longest string after decoding: shared between decoders, used within a call */
  constructor(scratch: Buffer) {
    this.#scratch = scratch;
  }

  /** Bytes of the dynamic table by RFC 7541 section 4.1. */
  get tableBytes(): number {
    return this.#bytes;
  }

  /** Decodes one whole header block. False: it is no valid HPACK, and the connection's state is lost. */
  decode(bytes: Buffer, start: number, end: number, sink: FieldSink): boolean {
    this.#at = start;
    let sizeMayChange = true;
    while (this.#at < end) {
      const first = bytes[this.#at] as number;
      let field: HeaderField | undefined;
      if (first >= 0x80) {
        field = this.#entry(first < 0xff ? this.#oneByte(first & 0x7f) : this.#integer(bytes, end, 0x7f));
      } else if (first >= 0x40) {
        field = this.#literal(bytes, end, 0x3f);
        if (field !== undefined) this.#insert(field);
      } else if (first >= 0x20) {
        if (!sizeMayChange || !this.#resize(this.#integer(bytes, end, 0x1f))) return false;
        continue;
      } else {
        field = this.#literal(bytes, end, 0x0f);
      }
      if (field === undefined) return false;
      sizeMayChange = false;
      sink.onField(field);
    }
    return true;
  }

  #oneByte(value: number): number {
    this.#at++;
    return value;
  }

  #entry(index: number): HeaderField | undefined {
    if (index <= 0) return undefined;
    if (index < firstDynamicIndex) return staticTable[index];
    const back = index - firstDynamicIndex;
    return back < this.#count ? this.#ring[(this.#newest - back) & ringMask] : undefined;
  }

  /** A field with its value spelled out, and its name too unless the table has it. */
  #literal(bytes: Buffer, end: number, prefix: number): HeaderField | undefined {
    const index = this.#integer(bytes, end, prefix);
    if (index < 0) return undefined;
    const name = index === 0 ? this.#string(bytes, end) : this.#entry(index)?.name;
    if (name === undefined) return undefined;
    const value = this.#string(bytes, end);
    return value === undefined ? undefined : new HeaderField(name, value);
  }

  /** RFC 7541 section 5.1; -1 when it does not end or is larger than anything here can be. */
  #integer(bytes: Buffer, end: number, prefix: number): number {
    let value = (bytes[this.#at] as number) & prefix;
    this.#at++;
    if (value < prefix) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= end) return -1;
      const byte = bytes[this.#at++] as number;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value > maxInteger ? -1 : value;
    }
    return -1;
  }

  #string(bytes: Buffer, end: number): string | undefined {
    if (this.#at >= end) return undefined;
    const isHuffman = (bytes[this.#at] as number) >= 0x80;
    const length = this.#integer(bytes, end, 0x7f);
    const start = this.#at;
    if (length < 0 || length > end - start) return undefined;
    this.#at = start + length;
    if (!isHuffman) return bytes.toString('latin1', start, start + length);
    // The shortest code has five bits. A string that is larger than the scratch could only be over the limits anyway.
    if (length * 8 > this.#scratch.length * 5) return undefined;
    const decoded = decodeHuffman(bytes, start, start + length, this.#scratch);
    return decoded < 0 ? undefined : this.#scratch.toString('latin1', 0, decoded);
  }

  #insert(field: HeaderField): void {
    this.#evictTo(this.#maxBytes - field.size);
    if (field.size > this.#maxBytes) return; // RFC 7541 section 4.4: it only empties the table
    this.#newest = (this.#newest + 1) & ringMask;
    this.#ring[this.#newest] = field;
    this.#count++;
    this.#bytes += field.size;
  }

  #resize(bytes: number): boolean {
    if (bytes < 0 || bytes > decoderTableBytes) return false;
    this.#maxBytes = bytes;
    this.#evictTo(bytes);
    return true;
  }

  #evictTo(bytes: number): void {
    while (this.#count > 0 && this.#bytes > bytes) {
      const slot = (this.#newest - this.#count + 1) & ringMask;
      this.#bytes -= (this.#ring[slot] as HeaderField).size;
      this.#ring[slot] = undefined;
      this.#count--;
    }
  }
}
