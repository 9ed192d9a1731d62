/** A text for a terminal: escape sequences of an object's or a request's are shown and not obeyed. Line breaks stay. */
export function printable(text: string): string {
  return text.replaceAll(unprintable, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

const unprintable = /[\0-\x09\x0b-\x1f\x7f-\x9f]/g;
