/**
 * The byte classes of RFC 9110 and 9112 as 256-entry tables: one load a byte instead of a chain of comparisons.
 */

const tokenSpecials = "!#$%&'*+-.^_`|~";

/** For a token byte its lower-case form, 0 for every other byte. */
export const lowerToken: Uint8Array = tableOf((code) => {
  if (code >= 0x41 && code <= 0x5a) return code + 0x20;
  const isTokenByte = (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x7a) || tokenSpecials.includes(String.fromCharCode(code));
  return isTokenByte ? code : 0;
});

/** 1 for the bytes of a field value (visible ASCII, obs-text, space, tab), 0 for the others. */
export const fieldValueByte: Uint8Array = tableOf((code) => (code === 0x09 || (code >= 0x20 && code !== 0x7f) ? 1 : 0));

/** The value of a hexadecimal digit plus 1, 0 for every other byte. */
export const hexDigitPlusOne: Uint8Array = tableOf((code) => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 1;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 11 : 0;
});

export const CR = 0x0d;
export const LF = 0x0a;
export const SP = 0x20;
export const HT = 0x09;
export const COLON = 0x3a;

function tableOf(entryOf: (code: number) => number): Uint8Array {
  const table = new Uint8Array(256);
  for (let code = 0; code < 256; code++) table[code] = entryOf(code);
  return table;
}
