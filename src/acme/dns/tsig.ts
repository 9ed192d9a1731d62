import { createHmac, timingSafeEqual } from 'node:crypto';
import type { TsigKey } from '../../translate/acme-dns.ts';
import { encodedName, lastRecord } from './message-records.ts';

const tsigType = 250;
const anyClass = 255;
/** How far clocks may be apart, seconds (RFC 8945, 10). */
const fudgeSeconds = 300;
const additionalCountOffset = 10;

/** Why a server did not take a signature (RFC 8945, 5.2), as the rest of a sentence about it. */
const errors: Readonly<Record<number, string>> = {
  16: 'says that the signature is wrong (BADSIG): compare the key with the server',
  17: 'does not know the key (BADKEY): compare its name and algorithm with the server',
  18: 'says that clocks are apart (BADTIME)',
  22: 'takes no signature that is so short (BADTRUNC)',
};

/** A message with its signature (RFC 8945, 4 and 5.1), and the MAC that the answer is signed with. */
export function signed(message: Buffer, key: TsigKey, nowMs: number): { readonly message: Buffer; readonly mac: Buffer } {
  const algorithm = encodedName(key.algorithm);
  const seconds = uint48(Math.floor(nowMs / 1000));
  const variables = variablesOf(key, seconds, fudgeSeconds, 0, Buffer.alloc(0));
  const mac = hmac(key).update(message).update(variables).digest();
  const data = Buffer.concat([
    ...[algorithm, seconds, uint16(fudgeSeconds), uint16(mac.length), mac],
    ...[message.subarray(0, 2), uint16(0), uint16(0)],
  ]);
  const record = Buffer.concat([encodedName(key.name), uint16(tsigType), uint16(anyClass), Buffer.alloc(4), uint16(data.length), data]);
  const counted = Buffer.from(message);
  counted.writeUInt16BE(message.readUInt16BE(additionalCountOffset) + 1, additionalCountOffset);
  return { message: Buffer.concat([counted, record]), mac };
}

/**
 * Why the answer to a signed message is not to be believed (RFC 8945, 5.3), as the rest of a sentence about the server; undefined: it is.
 * @param requestMac of the message that it answers
 */
export function whyNotSigned(answer: Buffer, key: TsigKey, requestMac: Buffer, nowMs: number): string | undefined {
  const last = lastRecord(answer);
  if (last?.type !== tsigType) return 'does not sign its answer: it knows no such key, or does not take updates';
  const read = readTsig(last.data);
  if (read === undefined) return 'signs its answer in a way that can not be read';
  if (read.error !== 0) return errors[read.error] ?? `refuses the signature with error ${read.error}`;
  const unsigned = Buffer.from(answer.subarray(0, last.offset));
  read.originalId.copy(unsigned, 0);
  unsigned.writeUInt16BE(answer.readUInt16BE(additionalCountOffset) - 1, additionalCountOffset);
  const variables = variablesOf(key, read.seconds, read.fudge, read.error, read.other);
  const mac = hmac(key).update(uint16(requestMac.length)).update(requestMac).update(unsigned).update(variables).digest();
  if (mac.length !== read.mac.length || !timingSafeEqual(mac, read.mac)) return 'signs its answer with another key';
  const apart = Math.abs(read.seconds.readUIntBE(0, 6) - nowMs / 1000);
  return apart > read.fudge ? 'signs its answer at another time: clocks are apart' : undefined;
}

interface ReadTsig {
  /** Seconds since 1970, in 48 bits. */
  readonly seconds: Buffer;
  readonly fudge: number;
  readonly mac: Buffer;
  readonly originalId: Buffer;
  readonly error: number;
  readonly other: Buffer;
}

/** The data of a TSIG record (RFC 8945, 4.2); undefined: it is broken. */
function readTsig(data: Buffer): ReadTsig | undefined {
  try {
    let at = 0;
    while (data.readUInt8(at) !== 0) at += data.readUInt8(at) + 1;
    const seconds = data.subarray(at + 1, at + 7);
    const fudge = data.readUInt16BE(at + 7);
    const macEnd = at + 11 + data.readUInt16BE(at + 9);
    const otherEnd = macEnd + 6 + data.readUInt16BE(macEnd + 4);
    if (seconds.length !== 6 || otherEnd !== data.length) return undefined;
    return {
      seconds,
      fudge,
      mac: data.subarray(at + 11, macEnd),
      originalId: data.subarray(macEnd, macEnd + 2),
      error: data.readUInt16BE(macEnd + 2),
      other: data.subarray(macEnd + 6),
    };
  } catch {
    return undefined;
  }
}

/** What is signed beside the message (RFC 8945, 4.3.3). */
function variablesOf(key: TsigKey, seconds: Buffer, fudge: number, error: number, other: Buffer): Buffer {
  const owner = Buffer.concat([encodedName(key.name), uint16(anyClass), Buffer.alloc(4), encodedName(key.algorithm)]);
  return Buffer.concat([owner, seconds, uint16(fudge), uint16(error), uint16(other.length), other]);
}

function hmac({ algorithm, secret }: TsigKey) {
  return createHmac(algorithm === 'hmac-sha512' ? 'sha512' : 'sha256', Buffer.from(secret.reveal(), 'base64'));
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function uint48(value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(value, 0, 6);
  return bytes;
}
