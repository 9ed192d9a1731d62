import type { CertificateFiles } from './certificate.ts';

/** What is switched on in all peers alike for a group of cases. */
export type Mode = 'base' | 'access-log' | 'tracing' | 'many-hosts';

/** A proxy under measurement with one worker: the same hosts, certificate and backends as every other peer. */
export interface Peer {
  readonly name: string;
  /** Root of its process tree: CPU and memory are summed over it. */
  readonly pid: number;
  readonly httpPort: number;
  /** Ends TLS for `benchHost`; HTTP/2 and HTTP/1.1 by ALPN. */
  readonly httpsPort: number;
  /** Hands TLS for `passthroughHost` on unread; undefined: it cannot. */
  readonly passthroughPort: number | undefined;
  stop(): Promise<void>;
}

/** What every peer proxies to, and with what it serves TLS. */
export interface PeerSetup extends CertificateFiles {
  /** A folder of the bench's own for configuration and logs. */
  readonly dir: string;
  readonly mode: Mode;
}

/** A proxy that can be started for the benchmark. */
export interface PeerProgram {
  readonly name: string;
  /** @throws Error why it can't be started on this machine, or can't do what `setup.mode` asks for */
  start(setup: PeerSetup): Promise<Peer>;
}

/** The host that is terminated (clients resolve it by themselves) and the one that is passed through. */
export const benchHost = 'localhost';
export const passthroughHost = 'passthrough.bench.test';

/** Paths under `benchHost` with a backend of their own; everything else goes to the one that answers shortly. */
export const webSocketPath = '/websocket';
export const uploadPath = '/upload';
export const grpcPath = '/bench.Echo/';

/** A header of the answers under `uploadPath`: the traceparent that the request came with. */
export const seenTraceparent = 'x-seen-traceparent';

/** The hosts that mode `many-hosts` has in place of `benchHost`, all with the same backend. */
export const manyHosts: readonly string[] = Array.from({ length: 10_000 }, (_, index) => `host-${index}.bench.test`);
