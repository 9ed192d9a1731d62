import type { RequestLogEntry } from '../networkproxy/request-log-entry.ts';
import { isRouteMeant } from '../smartproxy/connection-filter.ts';

/** Which finished requests somebody wants to see: those with all that is given. Plain data, for the worker protocol. */
export interface TapWish {
  /** The whole key of a route, or the beginning of it up to a space: all routes of one object. */
  readonly route?: string;
  /** Of the request, in lower case, without port. */
  readonly host?: string;
  /** `404`, or `4xx`. */
  readonly status?: string;
  /** Most requests a second; as many at once. */
  readonly ratePerSecond: number;
}

/** Requests that were sampled, and how many were not since the last time. */
export interface TappedRequests {
  /** That of the tap. */
  readonly tap: number;
  readonly requests: readonly TappedRequest[];
  /** Requests that were meant, too, and came too fast. */
  readonly skipped: number;
}

/** One finished request: as in the access log, without query, headers and bodies. */
export interface TappedRequest extends RequestLogEntry {
  /** Milliseconds since 1970. */
  readonly endedAtMs: number;
}

/** Whether a status is written so. */
export const statusPattern = /^[1-5](?:\d\d|xx)$/;

export function isTapped(wish: TapWish, host: string, route: string | undefined, status: number): boolean {
  if (wish.host !== undefined && wish.host !== host) return false;
  if (wish.route !== undefined && !isRouteMeant(wish.route, route)) return false;
  return wish.status === undefined || isStatusMeant(wish.status, status);
}

function isStatusMeant(wanted: string, status: number): boolean {
  return wanted.endsWith('xx') ? Number(wanted[0]) === Math.floor(status / 100) : Number(wanted) === status;
}
