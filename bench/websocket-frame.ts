const payloadBytes = 64;
const binaryFinal = 0x82;

/** One binary message to a server: two bytes of header, a mask of zeros, the payload (RFC 6455 section 5.2). */
export const clientFrame: Buffer = Buffer.concat([Buffer.from([binaryFinal, 0x80 | payloadBytes]), Buffer.alloc(4 + payloadBytes)]);
export const clientFrameBytes: number = clientFrame.length;

/** The same message to a client: no mask. */
export const serverFrame: Buffer = Buffer.concat([Buffer.from([binaryFinal, payloadBytes]), Buffer.alloc(payloadBytes)]);
