/** An address of what is under load, with the ports of both protocols. */
export interface LoadTarget {
  readonly address: string;
  readonly httpPort: number;
  readonly httpsPort: number;
}

/** What a load sends: requests whose answers are JSON that repeats their path and counts the bytes of their body. */
export interface LoadPlan {
  readonly targets: readonly LoadTarget[];
  readonly host: string;
  /** Who signed the host's certificate, PEM. */
  readonly ca: string;
  /** Between two requests of a client. */
  readonly pauseMs: number;
  /** How long the backend takes for the requests of some clients. */
  readonly slowMs: number;
}

/** What one client saw. */
export interface LaneReport {
  readonly name: string;
  readonly requests: number;
  readonly connections: number;
  /** Requests that an HTTP/2 connection that was ending gave back unprocessed (RFC 9113, 8.7): they were sent again on another one. */
  readonly givenBack: number;
  /** Why requests failed, each with the second in which it did. */
  readonly failures: readonly string[];
}

/** What all upgraded connections saw; they may end when their proxy goes. */
export interface TunnelReport {
  readonly opened: number;
  readonly messages: number;
  /** How many ended, and were opened again. */
  readonly ended: number;
  /** Openings that failed and messages that came back wrong. */
  readonly failures: readonly string[];
}

export interface LoadReport {
  readonly seconds: number;
  readonly lanes: readonly LaneReport[];
  readonly tunnels: TunnelReport;
}
