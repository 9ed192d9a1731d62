/** Text without control, format and private characters and without backslashes. */
const plain = /^[^\p{C}\p{Zl}\p{Zp}\\]*$/u;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 as it is; where there is more to it than meets the eye, each byte that is not printable ASCII, and `\`, as `\x1f`. */
export function printableText(bytes: Buffer): string {
  const text = decoded(bytes);
  if (text !== undefined && plain.test(text)) return text;
  return bytes.toString('latin1').replace(/[^ -[\]-~]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function decoded(bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
