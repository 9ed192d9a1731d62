/** What routes are matched with: one request, normalised by whoever parsed it. */
export interface MatchRequest {
  /** Lower case, no port, no trailing dot, IPv6 in brackets; '' when the request has none. */
  readonly host: string;
  readonly method: string;
  /** Normalised, without query. */
  readonly path: string;
  /** Without '?'; '' when there is none. */
  readonly query: string;
  /** Flat list: name, value, name, value ... with names in lower case. */
  readonly headers: readonly string[];
}
