/** The last record of a message, as its bytes have it. */
export interface LastRecord {
  /** Where it begins. */
  readonly offset: number;
  readonly type: number;
  readonly data: Buffer;
}

const headerBytes = 12;
const pointerMark = 0xc0;

/** The last record of a message in DNS (RFC 1035, 4.1); undefined: it has none, or is broken. Bounded by the message's length. */
export function lastRecord(message: Buffer): LastRecord | undefined {
  try {
    const [questions, records] = [message.readUInt16BE(4), [6, 8, 10].reduce((sum, at) => sum + message.readUInt16BE(at), 0)];
    let offset = headerBytes;
    for (let count = 0; count < questions; count++) offset = afterName(message, offset) + 4;
    let last: LastRecord | undefined;
    for (let count = 0; count < records; count++) {
      const fixed = afterName(message, offset);
      const dataAt = fixed + 10;
      const end = dataAt + message.readUInt16BE(fixed + 8);
      if (end > message.length) return undefined;
      last = { offset, type: message.readUInt16BE(fixed), data: message.subarray(dataAt, end) };
      offset = end;
    }
    return offset === message.length ? last : undefined;
  } catch {
    return undefined;
  }
}

/** Where a name that begins at `offset` ends: at its root, or after a pointer. Throws RangeError at the end of the message. */
function afterName(message: Buffer, offset: number): number {
  let at = offset;
  for (;;) {
    const length = message.readUInt8(at);
    if (length === 0) return at + 1;
    if (length >= pointerMark) return at + 2;
    at += length + 1;
  }
}

/** A name as messages have it (RFC 1035, 3.1), not shortened. */
export function encodedName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(label));
  return Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), label]), Buffer.alloc(1)]);
}
