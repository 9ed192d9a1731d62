let second = 0;
let text = '';

/** The present as an HTTP date (RFC 9110 section 5.6.7), made once a second. */
export function httpDate(nowMs: number): string {
  const nowSecond = Math.floor(nowMs / 1000);
  if (nowSecond !== second) {
    second = nowSecond;
    text = new Date(nowSecond * 1000).toUTCString();
  }
  return text;
}

/** Whether a flat field list has a Date. Whoever forwards an answer without one adds it (RFC 9110 section 6.6.1). */
export function hasDate(headers: readonly string[]): boolean {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === 'date') return true;
  return false;
}
