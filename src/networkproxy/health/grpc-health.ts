/** The most bytes of an answer that are looked at: the message has four at most. */
const maxAnswerBytes = 64;

/** grpc.health.v1.HealthCheckResponse.ServingStatus. */
const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** A grpc.health.v1.HealthCheckRequest, length-prefixed. @param service at most 127 bytes; '' for the server as a whole */
export function healthRequest(service: string): Buffer {
  const name = Buffer.from(service, 'utf8');
  // Field 1, a string; left out when empty as proto3 does.
  const message = name.length === 0 ? name : Buffer.concat([Buffer.of(0x0a, name.length), name]);
  return Buffer.concat([Buffer.of(0, 0, 0, 0, message.length), message]);
}

/** The status in a length-prefixed grpc.health.v1.HealthCheckResponse; undefined: it is not whole yet. */
export function healthStatusOf(bytes: Buffer): string | undefined {
  if (bytes.length < 5) return undefined;
  const length = bytes.readUInt32BE(1);
  if (bytes[0] !== 0 || length > maxAnswerBytes) return 'an answer that can not be read';
  if (bytes.length < 5 + length) return undefined;
  // Field 1, an enum; left out when 0.
  if (length === 0) return statuses[0];
  return bytes[5] === 0x08 ? (statuses[bytes[6] ?? 0] ?? `status ${bytes[6]}`) : 'an answer that can not be read';
}
