import type { RequestHead } from './http1/message-handler.ts';
import { lastFieldValue } from './http1/request-lines.ts';
import { fieldsBesideType, type LocalReply } from './local-reply.ts';

/** Status codes of gRPC that an intermediary gives or looks at (grpc/doc/statuscodes.md). */
const GrpcStatus = {
  unknown: 2,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

/** What a gRPC client makes of an HTTP status (grpc/doc/http-grpc-status-mapping.md); the two sizes are ours. */
const statusOfHttp: Readonly<Record<number, number>> = {
  400: GrpcStatus.internal,
  401: GrpcStatus.unauthenticated,
  403: GrpcStatus.permissionDenied,
  404: GrpcStatus.unimplemented,
  413: GrpcStatus.resourceExhausted,
  429: GrpcStatus.unavailable,
  431: GrpcStatus.resourceExhausted,
  502: GrpcStatus.unavailable,
  503: GrpcStatus.unavailable,
  504: GrpcStatus.unavailable,
};

const contentType = 'application/grpc';

/** The request is a gRPC call whose client reads trailers: gRPC needs HTTP/2, and grpc-web is plain HTTP with another content type. */
export function isGrpcCall(head: RequestHead): boolean {
  if (head.version !== 20) return false;
  const type = lastFieldValue(head.headers, 'content-type');
  if (type?.startsWith(contentType) !== true) return false;
  const next = type.charAt(contentType.length);
  return next === '' || next === '+' || next === ';';
}

/**
 * Statuses that count as an error of the server: those that stand for 5xx in HTTP (google/rpc/code.proto), as Envoy has it for outlier
 * detection. UNIMPLEMENTED is not among them, for it is the client that asks for what is not there, and it can do so at will.
 */
const serverErrors: ReadonlySet<string> = new Set([
  String(GrpcStatus.unknown),
  String(GrpcStatus.deadlineExceeded),
  String(GrpcStatus.internal),
  String(GrpcStatus.unavailable),
  String(GrpcStatus.dataLoss),
]);

/** Whether an answer is an error of its backend. @param grpcStatus of a gRPC call that is over; undefined: none, or not known yet */
export function isServerError(status: number, grpcStatus: string | undefined): boolean {
  return status >= 500 || (grpcStatus !== undefined && serverErrors.has(grpcStatus));
}

/** The status that a call ends with when the answer is our own. */
export function grpcStatusOf({ flag, status }: LocalReply): number {
  return flag === 'deadline_exceeded' ? GrpcStatus.deadlineExceeded : (statusOfHttp[status] ?? GrpcStatus.unknown);
}

/** The only field section of an answer of our own to a call: a gRPC client reads its end there, whatever HTTP status others would get. */
export function grpcReplyHeaders(reply: LocalReply, now: Date): readonly string[] {
  const message = reply.body.trimEnd();
  return [
    ...['date', now.toUTCString(), 'content-type', contentType],
    ...['grpc-status', String(grpcStatusOf(reply)), 'grpc-message', percentEncoded(message), ...fieldsBesideType(reply)],
  ];
}

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 };

/** The time that a call may take by its `grpc-timeout`, in milliseconds; undefined: none, or one that can't be read. */
export function grpcTimeoutMs(headers: readonly string[]): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(lastFieldValue(headers, 'grpc-timeout') ?? '');
  return match === null ? undefined : Math.ceil(Number(match[1]) * (unitMs[match[2] as string] as number));
}

/** What the field may hold (grpc/doc/PROTOCOL-HTTP2.md, Percent-Encoded): printable ASCII without the percent sign. */
function percentEncoded(text: string): string {
  return text.replace(/[^ -$&-~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
