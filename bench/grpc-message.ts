/** A gRPC message of `bytes` in all: no compression, its length in 4 bytes, zeros. */
export function messageFrame(bytes: number): Buffer {
  const frame = Buffer.alloc(bytes);
  frame.writeUInt32BE(bytes - 5, 1);
  return frame;
}
