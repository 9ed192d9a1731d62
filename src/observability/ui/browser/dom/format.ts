import { durationText } from '../../../../ask/units.ts';

const digits = new Intl.NumberFormat('en');

/** `12,345`. */
export function count(value: number): string {
  return digits.format(value);
}

/** `3 routes`, `1 route`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `0`, `0.4`, `12.5`, `1,250`: a second's worth. */
export function perSecond(value: number): string {
  if (value === 0) return '0';
  return value < 100 ? String(Number(value.toPrecision(value < 1 ? 1 : 3))) : count(Math.round(value));
}

/** `0.4 ms`, `3.2 ms`, `12 ms`, `2 s`: a time of which most are short. */
export function meanDuration(ms: number): string {
  return ms < 10 ? `${Number(ms.toPrecision(ms < 1 ? 1 : 2))} ms` : durationText(ms);
}

/** `192.0.2.7:443`, `[2001:db8::7]:443`. */
export function socketText({ remoteAddress, remotePort }: { readonly remoteAddress: string; readonly remotePort: number }): string {
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

/** `2026-06-01 12:00Z`, as the commands write it. */
export function shortTime(iso: string | undefined): string {
  return iso === undefined ? '–' : `${iso.slice(0, 10)} ${iso.slice(11, 16)}Z`;
}

/** `in 12 d 4 h`, `3 min ago`. */
export function fromNow(iso: string, nowMs: number): string {
  const ms = Date.parse(iso) - nowMs;
  return ms >= 0 ? `in ${durationText(ms)}` : ago(-ms);
}

/** `3 min ago`, `just now`. */
export function ago(ms: number): string {
  return ms < 1000 ? 'just now' : `${durationText(ms)} ago`;
}

/** The time of day here: `08:14:03`. */
export function clock(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}
