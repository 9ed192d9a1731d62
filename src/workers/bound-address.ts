/** Where a listener is reachable. */
export interface BoundAddress {
  readonly listener: string;
  readonly address: string;
  readonly port: number;
}
