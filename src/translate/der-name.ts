import { childrenOf, type DerElement } from './der.ts';

/** How texts in names are encoded (X.690, 8.23). */
const decoders: Readonly<Record<number, (bytes: Buffer) => string>> = {
  12: (bytes) => bytes.toString('utf8'),
  // PrintableString, TeletexString, IA5String, VisibleString.
  19: latin1,
  20: latin1,
  22: latin1,
  26: latin1,
  // BMPString: two bytes each, the higher first.
  30: (bytes) =>
    Buffer.from(bytes.subarray(0, bytes.length & ~1))
      .swap16()
      .toString('utf16le'),
};

/**
 * A distinguished name such that names which are the same to OpenSSL are the same text (RFC 5280, 7.1): whatever its texts are encoded as, in
 * whatever case of ASCII, with whatever spaces.
 */
export function canonicalName(der: Buffer, name: DerElement): string {
  const parts = childrenOf(der, name).map((set) =>
    childrenOf(der, set)
      .map((attribute) => {
        const [type, value] = childrenOf(der, attribute);
        return type === undefined || value === undefined ? hexOf(der, attribute) : `${hexOf(der, type)}=${canonicalValue(der, value)}`;
      })
      .sort()
      .join('+'),
  );
  return parts.join(',');
}

function canonicalValue(der: Buffer, value: DerElement): string {
  const decode = decoders[value.tag];
  if (decode === undefined) return hexOf(der, value);
  const text = decode(der.subarray(value.content, value.end));
  // Between quotes: none of its characters ends the value.
  return JSON.stringify(
    text
      .replace(/[ \t\n\v\f\r]+/g, ' ')
      .replace(/^ | $/g, '')
      .replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
  );
}

function hexOf(der: Buffer, { start, end }: DerElement): string {
  return der.toString('hex', start, end);
}

function latin1(bytes: Buffer): string {
  return bytes.toString('latin1');
}
