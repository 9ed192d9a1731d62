/** Values of the label `grpc_status`: the codes of gRPC, and `other` for anything else that a backend may send. */
export const grpcStatuses: readonly string[] = [...Array.from({ length: 17 }, (_, code) => String(code)), 'other'];

/** Where calls that ended with `status` are counted. */
export function grpcStatusIndex(status: string): number {
  const index = grpcStatuses.indexOf(status);
  return index === -1 ? grpcStatuses.length - 1 : index;
}
