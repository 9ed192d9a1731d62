import type { Ending } from './connection-record.ts';

/** What the far end of the loopback transport has done to a client's connection. Plain data, for the worker protocol. */
export type FarNews =
  /** It dials this endpoint (`address:port`) for what is in TLS and no HTTP. */
  | { readonly kind: 'endpoint'; readonly connectionId: string; readonly endpoint: string }
  | { readonly kind: 'ended'; readonly connectionId: string; readonly ending: Ending };
