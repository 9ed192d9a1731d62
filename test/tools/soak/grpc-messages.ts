/** A message as gRPC frames it: not compressed, its length, its bytes. */
export function grpcMessage(body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** Takes a gRPC stream apart into messages, however it is split. */
export class GrpcReader {
  #rest: Buffer = Buffer.alloc(0);
  messages = 0;

  /** Whether the stream may end here. */
  get isWhole(): boolean {
    return this.#rest.length === 0;
  }

  read(chunk: Buffer): readonly Buffer[] {
    let bytes = Buffer.concat([this.#rest, chunk]);
    const found: Buffer[] = [];
    while (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt32BE(1)) {
      const end = 5 + bytes.readUInt32BE(1);
      found.push(bytes.subarray(5, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    this.messages += found.length;
    return found;
  }
}
