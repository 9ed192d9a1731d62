/** A whole number from 0 to 2^32-1 that is the same for equal texts in every process: FNV-1a over UTF-16 units, then spread by `mixHash`. */
export function hashText(text: string): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  return mixHash(hash);
}

/** Spreads a hash over all its 32 bits, one to one (the finaliser of MurmurHash3). */
export function mixHash(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
