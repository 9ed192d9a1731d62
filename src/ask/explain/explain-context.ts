import type { OutEndpoint } from '../../balancing/balancers.ts';
import type { Config } from '../../config/config.ts';
import type { RouteSource } from '../../routes/route.ts';
import type { RouteTable } from '../../routes/route-table.ts';
import type { Problem } from '../../translate/translation.ts';

/** All that an explanation is made of beside the question. */
export interface ExplainContext {
  readonly table: RouteTable;
  readonly config: Pick<
    Config,
    'trustedProxies' | 'allowCidrs' | 'denyCidrs' | 'unknownServerName' | 'maxHeaderBytes' | 'maxHeaders' | 'http2' | 'h2c'
  >;
  readonly problems: readonly Problem[];
  /** `file:line` of an object; undefined: it is in no file. @param key `namespace/name` */
  readonly locationOf: (kind: string, key: string) => string | undefined;
  /** The field of the object that a route comes of; '': nobody knows. @param key of the route */
  readonly fieldOf: (source: RouteSource, key: string) => string;
  /** Endpoints that the workers keep out of rotation; empty: none, or nobody knows. */
  readonly out: readonly OutEndpoint[];
  /** `address:port` of endpoints that are drained by hand. */
  readonly drained: readonly string[];
  /**
   * TLS hosts for which the program makes a certificate where it serves a folder, beside a default one; undefined: the table is that of a
   * running program, which has added what it makes.
   */
  readonly hostsWithoutCertificate: readonly string[] | undefined;
}
