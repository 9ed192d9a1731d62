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
