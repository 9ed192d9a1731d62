import type { FailedCondition } from '../../routes/match-conditions.ts';
import type { Endpoint } from '../../routes/service.ts';

/** Where a request, or a connection, goes and why: plain data without secrets, the same as JSON. */
export interface Explanation {
  /** Whether something takes it: a route, or the answer to an ACME challenge. */
  readonly matched: boolean;
  /** One sentence: what happens. */
  readonly summary: string;
  readonly asked: Asked;
  /** Where it arrives; undefined: nowhere. */
  readonly listener: { readonly key: string; readonly protocol: string; readonly port: number; readonly publishedPort: number } | undefined;
  readonly tls: TlsStep | undefined;
  /** Before a route is looked for. */
  readonly edge: readonly FilterStep[];
  /** What the request is once it has been read; undefined: it was not, or is none. */
  readonly request: { readonly host: string; readonly method: string; readonly path: string; readonly query: string } | undefined;
  /** Routes of the hosts that cover the name, in the order in which they count. */
  readonly candidates: readonly CandidateStep[];
  /** Candidates that are left out, beyond the number that is looked at. */
  readonly omittedCandidates: number;
  readonly winner: WinnerStep | undefined;
  /** Of the winner, in order. */
  readonly filters: readonly FilterStep[];
  /** What else its policy does on the way. */
  readonly effects: readonly string[];
  /** What the client gets when no backend is asked, as far as that can be known. */
  readonly answer: AnswerStep | undefined;
  readonly backends: readonly BackendStep[];
  /** What is wrong with the objects that are named above. */
  readonly problems: readonly ProblemStep[];
  /** What should be known beside. */
  readonly notes: readonly string[];
}

/** What was asked, as it was given. */
export interface Asked {
  readonly url: string;
  readonly method: string;
  readonly serverName: string | undefined;
  readonly client: string | undefined;
}

/** What becomes of the handshake. */
export interface TlsStep {
  readonly serverName: string | undefined;
  /** Key of the host that has it; undefined: none does. */
  readonly host: string | undefined;
  /** `ends-here`: with these certificates. `passes`: unread. `refused`: no handshake. */
  readonly kind: 'ends-here' | 'passes' | 'refused';
  readonly certificates: readonly CertificateStep[];
  readonly minVersion: string | undefined;
  readonly clientCertificate: 'none' | 'optional' | 'required';
  readonly says: string;
}

/** A certificate that the client is shown. */
export interface CertificateStep {
  /** `namespace/name` of its Secret, or what else it is kept under. */
  readonly key: string;
  readonly names: readonly string[];
  readonly keyType: string;
  /** SHA-256, hex. */
  readonly fingerprint: string;
  /** ISO 8601. */
  readonly notAfter: string;
  /** Whether it names the server name. */
  readonly covers: boolean;
}

/** What a filter does with the request. */
export interface FilterStep {
  readonly name: string;
  /** `depends`: on what only the proxy knows at that moment; what follows holds if it lets the request through. */
  readonly verdict: 'passes' | 'answers' | 'depends' | 'not-reached';
  readonly says: string;
}

/** A part of an object of the user's, and where it is written. */
export interface ObjectPlace {
  readonly object: string;
  /** `spec.rules[0].http.paths[1]`; '': the object as a whole. */
  readonly field: string;
  /** `shop.yaml:12`; undefined: it is in no file. The line is that of the object until `locateRules` has looked for the field's. */
  readonly location: string | undefined;
}

/** A route that was looked at. */
export interface CandidateStep extends ObjectPlace {
  readonly key: string;
  readonly host: string;
  readonly path: string;
  readonly outcome: 'wins' | 'loses';
  /** Why it loses: all of it. */
  readonly why: readonly LossStep[];
}

/** One reason why a candidate loses. */
export interface LossStep {
  readonly by: 'host' | 'path' | 'precedence' | 'cost' | FailedCondition['kind'];
  readonly says: string;
}

/** The route that takes the request. */
export interface WinnerStep extends ObjectPlace {
  readonly key: string;
  readonly action: string;
}

/** An answer of the proxy's own. */
export interface AnswerStep {
  readonly status: number;
  /** As in the access log. */
  readonly flag: string;
  readonly location: string | undefined;
  readonly detail: string | undefined;
}

/** A Service that the winner sends to. */
export interface BackendStep {
  /** `namespace/name:port`; undefined: it does not exist. */
  readonly service: string | undefined;
  /** Of the requests, in percent. */
  readonly share: number;
  readonly protocol: string;
  readonly loadBalancing: string;
  /** The request that an endpoint gets; undefined: it gets no HTTP request. */
  readonly host: string | undefined;
  readonly endpoints: readonly EndpointStep[];
}

/** One endpoint of a backend. */
export interface EndpointStep {
  /** `address:port` */
  readonly address: string;
  readonly state: Endpoint['state'];
  readonly zone: string | undefined;
  /** Why it gets nothing new at the moment, though it is ready. */
  readonly out: string | undefined;
  /** Scheme, address, port and what is asked there; for connections without the last. */
  readonly url: string;
}

/** What is wrong with an object. */
export interface ProblemStep extends ObjectPlace {
  readonly reason: string;
  readonly message: string;
}
