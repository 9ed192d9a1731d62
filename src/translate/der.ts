/** One element of DER (X.690): `start` and `end` are those of the whole, `content` is where its value begins. */
export interface DerElement {
  readonly tag: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** The element that begins at `at`; undefined: there is no whole one within `limit`. Tags of one byte, lengths of up to four. */
export function elementAt(der: Buffer, at: number, limit = der.length): DerElement | undefined {
  if (at + 2 > limit) return undefined;
  const tag = der.readUInt8(at);
  const first = der.readUInt8(at + 1);
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const content = at + 2 + lengthBytes;
  if (lengthBytes > 4 || first === 0x80 || content > limit) return undefined;
  const length = lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes);
  return content + length > limit ? undefined : { tag, start: at, content, end: content + length };
}

/** The elements within one, up to the first that is none. */
export function childrenOf(der: Buffer, { content, end }: DerElement): readonly DerElement[] {
  const children: DerElement[] = [];
  let at = content;
  while (at < end) {
    const child = elementAt(der, at, end);
    if (child === undefined) break;
    children.push(child);
    at = child.end;
  }
  return children;
}

const utcTime = 0x17;
const generalizedTime = 0x18;

/** A time as RFC 5280 writes it (section 4.1.2.5), milliseconds since 1970; undefined: it is none. */
export function timeOf(der: Buffer, { tag, content, end }: DerElement): number | undefined {
  const text = der.toString('latin1', content, end);
  if (tag !== utcTime && tag !== generalizedTime) return undefined;
  // Years of two digits are 1950 to 2049.
  const whole = tag === generalizedTime ? text : `${text < '5' ? 20 : 19}${text}`;
  const digits = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(whole);
  if (digits === null) return undefined;
  const [, year, month, day, hour, minute, second] = digits;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
