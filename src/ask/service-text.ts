/** A key of `services` as people write it, `namespace/name:port`: without the hash that tells variants of one Service port apart. */
export function serviceText(key: string): string {
  return key.replace(/#.*$/, '');
}
