import { printable } from '../printable.ts';
import { timeText } from './render-connections.ts';

/** A finished request, as far as a line shows it. */
export interface ShownRequest {
  readonly kind: 'request';
  readonly endedAtMs: number;
  readonly method: string;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly status: number;
  /** Why, when the answer was not the backend's. */
  readonly flag?: string | undefined;
  readonly durationMs: number;
  readonly route?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly remoteAddress: string;
}

/** One line for people. Pure. */
export function renderTapLine(line: ShownRequest | { readonly kind: 'skipped'; readonly count: number }): string {
  if (line.kind === 'skipped') return `... ${line.count} more (--rate)`;
  const { endedAtMs, status, flag, method, scheme, host, path, durationMs, remoteAddress, endpoint, route } = line;
  const answer = flag === undefined ? String(status) : `${status} ${flag}`;
  const way = `${remoteAddress} -> ${endpoint ?? '-'}`;
  return printable(
    `${timeText(endedAtMs)}  ${answer}  ${method} ${scheme}://${host}${path}  ${durationMs.toFixed(1)} ms  ${way}  ${route ?? '-'}`,
  );
}
