/**
 * A text for a terminal: escape sequences of an object's or a request's are shown and not obeyed, and so is what nobody sees and what turns the
 * order of the rest around (Unicode's Cf: marks of direction, spaces without width). Line breaks stay.
 */
export function printable(text: string): string {
  return text.replaceAll(unprintable, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
  });
}

const unprintable = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
