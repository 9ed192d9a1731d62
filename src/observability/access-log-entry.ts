import type { ProxiedFacts } from '../proxy-header/proxied-client.ts';
import type { TerminationReason } from './counters/termination-reason.ts';
import type { UdpEndReason } from './counters/udp.ts';

/** The facts of one finished request. Any further fields of the object are logged as they are; none may hold a secret. */
export interface RequestLogFacts {
  readonly id: string;
  readonly requestId: string;
  /** 0: there was none. */
  readonly status: number;
  /** Why, when the answer was of our making or broke off. */
  readonly flag: string | undefined;
  readonly protocol: string;
  readonly remoteAddress: string;
  readonly user: string | undefined;
  /** `namespace/name:port`, perhaps with `#` and a hash. */
  readonly service: string | undefined;
  readonly endpoint: string | undefined;
  /** All of them in their order, when there were several. */
  readonly attempts?: readonly LoggedAttempt[] | undefined;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly durationMs: number;
  readonly connectMs: number | undefined;
  readonly firstByteMs: number | undefined;
}

/** One time that a backend was asked. */
export interface LoggedAttempt {
  readonly endpoint: string;
  /** Of its answer, or what stands for its failure; 0: it broke off before. */
  readonly status: number;
  readonly durationMs: number;
  /** It asked for the error page in place of what was before. */
  readonly page?: true;
}

/** The head of a request, as far as a line may show it. Headers flat, names in lower case. */
export interface LoggedHead {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
}

/** The facts of one finished connection. */
export interface ConnectionLogEntry {
  readonly id: string;
  /** Its bytes went straight to a backend, so there is no request line for it. */
  readonly layer4: boolean;
  readonly listener: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly serverName: string | undefined;
  /** As in `RequestLogEntry`; this and the next three where TLS ended here with something else than HTTP in it. */
  readonly tlsVersion?: string;
  readonly tlsCipher?: string;
  /** The protocol agreed on. */
  readonly alpn?: string;
  /** Of the certificate that the client has shown, in printable characters. */
  readonly clientCommonName?: string;
  /** What the PROXY header of a load balancer says of the client beside its address; undefined: nothing of use. */
  readonly proxied: ProxiedFacts | undefined;
  readonly route: string | undefined;
  readonly service: string | undefined;
  readonly endpoint: string | undefined;
  readonly side: string | undefined;
  readonly reason: TerminationReason | undefined;
  /** Wire bytes. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly durationMs: number;
}

/** A UDP session that is over. */
export interface SessionLogEntry extends Pick<ConnectionLogEntry, 'id' | 'listener' | 'remoteAddress' | 'remotePort' | 'durationMs'> {
  readonly route: string;
  /** Where its datagrams went last; undefined: nowhere. */
  readonly service: string | undefined;
  readonly endpoint: string | undefined;
  readonly reason: UdpEndReason;
  /** Of datagrams, without headers. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
}
