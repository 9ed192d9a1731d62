/** Frame types (RFC 9113 section 6). */
export const FrameType = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  rstStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goaway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
  /** RFC 9218 section 7.1. */
  priorityUpdate: 0x10,
} as const;

/** Frame flags; ACK and END_STREAM are the same bit on different frames. */
export const Flag = {
  ack: 0x1,
  endStream: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

/** Error codes (RFC 9113 section 7). */
export const ErrorCode = {
  noError: 0x0,
  protocolError: 0x1,
  internalError: 0x2,
  flowControlError: 0x3,
  settingsTimeout: 0x4,
  streamClosed: 0x5,
  frameSizeError: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compressionError: 0x9,
  connectError: 0xa,
  enhanceYourCalm: 0xb,
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

export const frameHeaderBytes = 9;
/** What both sides take before they have said otherwise (RFC 9113 section 6.5.2), and what we never ask to raise. */
export const defaultMaxFrameBytes = 16_384;
export const defaultWindowBytes = 65_535;
export const maxWindowBytes = 0x7fff_ffff;
export const maxStreamId = 0x7fff_ffff;

/** What every HTTP/2 connection begins with (RFC 9113 section 3.4). */
export const clientPreface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Writes a frame's header at `at` and returns where its payload begins. */
export function writeFrameHeader(buffer: Buffer, at: number, length: number, type: number, flags: number, streamId: number): number {
  buffer[at] = length >>> 16;
  buffer[at + 1] = length >>> 8;
  buffer[at + 2] = length;
  buffer[at + 3] = type;
  buffer[at + 4] = flags;
  return writeUint32(buffer, at + 5, streamId);
}

/** Writes 32 bits and returns the position behind them. */
export function writeUint32(buffer: Buffer, at: number, value: number): number {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
  return at + 4;
}

/** Reads 32 bits, unsigned. */
export function readUint32(buffer: Buffer, at: number): number {
  return (
    (((buffer[at] as number) << 24) |
      ((buffer[at + 1] as number) << 16) |
      ((buffer[at + 2] as number) << 8) |
      (buffer[at + 3] as number)) >>>
    0
  );
}

/** Reads 31 bits: stream ids and window increments, whose first bit is reserved and ignored. */
export function readUint31(buffer: Buffer, at: number): number {
  return readUint32(buffer, at) & 0x7fff_ffff;
}
