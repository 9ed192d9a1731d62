/** `1.5 s`; 0 is `off`. */
export function inSeconds(ms: number): string {
  return ms === 0 ? 'off' : `${ms / 1000} s`;
}
