import type { SniffedTls } from '../networkproxy/accepted-connection.ts';

/**
 * What the first bytes of a connection are. `need-more`: no verdict can be given before `bytes` bytes are there. The answer for a whole
 * hello is final: more bytes never change it.
 */
export type ClientHelloResult =
  | { readonly kind: 'need-more'; readonly bytes: number }
  | ({ readonly kind: 'hello' } & SniffedTls)
  | { readonly kind: 'not-tls' }
  | { readonly kind: 'invalid'; readonly reason: ClientHelloProblem };

/** Why a connection that begins like TLS is refused. */
export type ClientHelloProblem =
  | 'too-large'
  | 'record-length'
  | 'record-type'
  | 'not-client-hello'
  | 'truncated-field'
  | 'trailing-bytes'
  | 'duplicate-extension'
  | 'server-name'
  | 'alpn'
  | 'supported-versions';

/** Most bytes that are looked at, record headers included; the largest post-quantum hellos are about 2 KiB. */
export const maxHelloBytes = 32_768;
/** Most bytes of the handshake message itself. */
const maxMessageBytes = 16_384 + 4;

const handshakeRecord = 22;
const clientHelloMessage = 1;
const recordHeaderBytes = 5;
const messageHeaderBytes = 4;
const maxRecordBytes = 16_384;

const serverNameExtension = 0;
const alpnExtension = 16;
const supportedVersionsExtension = 43;
const tls13 = 0x0304;

/**
 * Reads a ClientHello out of the first bytes of a connection (RFC 8446 section 4.1.2, RFC 6066 section 3, RFC 7301). Pure and total: any
 * input gives a result. The hello may span several TLS records. Unknown extensions and GREASE values are skipped; with Encrypted
 * ClientHello it is the outer hello that is read.
 */
export function parseClientHello(bytes: Buffer): ClientHelloResult {
  const early = refuseByFirstBytes(bytes);
  if (early !== undefined) return early;
  try {
    const message = joinRecords(bytes);
    return Buffer.isBuffer(message) ? readHello(new Reader(message)) : message;
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'invalid', reason: error.reason };
    throw error;
  }
}

/** TLS starts with a handshake record of major version 3; nothing else that we know does. */
function refuseByFirstBytes(bytes: Buffer): ClientHelloResult | undefined {
  if (bytes.length > 0 && bytes[0] !== handshakeRecord) return { kind: 'not-tls' };
  if (bytes.length > 1 && bytes[1] !== 3) return { kind: 'not-tls' };
  if (bytes.length < recordHeaderBytes) return { kind: 'need-more', bytes: recordHeaderBytes };
  return undefined;
}

/**
 * The ClientHello message without its header, or what stands in the way of it. Nothing is copied until all of it is there: a client that
 * sends its hello in thousands of tiny records makes us come here for each.
 */
function joinRecords(bytes: Buffer): Buffer | ClientHelloResult {
  const header = Buffer.alloc(messageHeaderBytes);
  let joined = 0;
  let wanted = messageHeaderBytes;
  for (let offset = 0; joined < wanted; ) {
    const start = offset + recordHeaderBytes;
    if (start > maxHelloBytes) return { kind: 'invalid', reason: 'too-large' };
    if (start > bytes.length) return { kind: 'need-more', bytes: start };
    const end = start + recordLength(bytes, offset);
    const available = Math.min(end, bytes.length, maxHelloBytes);
    if (joined < messageHeaderBytes) bytes.copy(header, joined, start, available);
    joined += available - start;
    wanted = messageLength(header, joined);
    if (joined < wanted && bytes.length < end) {
      if (end > maxHelloBytes) return { kind: 'invalid', reason: 'too-large' };
      // The message header first (it may refuse the hello early), then the end of record or message, whichever is first.
      return { kind: 'need-more', bytes: Math.min(end, bytes.length + wanted - joined) };
    }
    offset = end;
  }
  return messageBody(bytes, wanted);
}

function recordLength(bytes: Buffer, offset: number): number {
  if (bytes[offset] !== handshakeRecord || bytes[offset + 1] !== 3) throw new Malformed('record-type');
  const length = bytes.readUInt16BE(offset + 3);
  if (length === 0 || length > maxRecordBytes) throw new Malformed('record-length');
  return length;
}

/** The message's length with its header, as far as that header is known; the header alone until it is whole. */
function messageLength(header: Buffer, joined: number): number {
  if (joined > 0 && header[0] !== clientHelloMessage) throw new Malformed('not-client-hello');
  if (joined < messageHeaderBytes) return messageHeaderBytes;
  const length = messageHeaderBytes + header.readUIntBE(1, 3);
  if (length > maxMessageBytes) throw new Malformed('too-large');
  return length;
}

/** The message's body without the record headers in between; all of it is in `bytes`. */
function messageBody(bytes: Buffer, length: number): Buffer {
  if (length <= bytes.readUInt16BE(3)) return bytes.subarray(recordHeaderBytes + messageHeaderBytes, recordHeaderBytes + length);
  const message = Buffer.allocUnsafe(length);
  let filled = 0;
  for (let offset = 0; filled < length; ) {
    const start = offset + recordHeaderBytes;
    offset = start + bytes.readUInt16BE(offset + 3);
    filled += bytes.copy(message, filled, start, offset);
  }
  return message.subarray(messageHeaderBytes);
}

function readHello(message: Reader): ClientHelloResult {
  message.skip(2 + 32); // legacy_version, random
  if (message.vector8().length > 32) throw new Malformed('truncated-field');
  const suites = message.vector16();
  if (suites.length < 2 || suites.length % 2 !== 0) throw new Malformed('truncated-field');
  if (message.vector8().length < 1) throw new Malformed('truncated-field'); // compression methods
  if (message.atEnd) return { kind: 'hello', serverName: undefined, alpn: [], offersTls13: false };
  const extensions = new Reader(message.vector16());
  if (!message.atEnd) throw new Malformed('trailing-bytes');
  return readExtensions(extensions);
}

function readExtensions(extensions: Reader): ClientHelloResult {
  let serverName: string | undefined;
  let alpn: readonly string[] = [];
  let offersTls13 = false;
  const seen = new Set<number>();
  while (!extensions.atEnd) {
    const type = extensions.uint16();
    const data = extensions.vector16();
    if (seen.has(type)) throw new Malformed('duplicate-extension');
    seen.add(type);
    if (type === serverNameExtension) serverName = readServerName(data);
    else if (type === alpnExtension) alpn = readAlpn(data);
    else if (type === supportedVersionsExtension) offersTls13 = readSupportedVersions(data);
  }
  return { kind: 'hello', serverName, alpn, offersTls13 };
}

/** RFC 6066 section 3: a list with one host name (type 0); other name types have never been defined. */
function readServerName(data: Buffer): string {
  const outer = new Reader(data, 'server-name');
  const list = new Reader(outer.vector16(), 'server-name');
  if (!outer.atEnd || list.uint8() !== 0) throw new Malformed('server-name');
  const name = list.vector16();
  if (!list.atEnd) throw new Malformed('server-name');
  return hostNameOf(name);
}

const hostName = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

/** Lower case, without the trailing dot of a fully qualified name. */
function hostNameOf(bytes: Buffer): string {
  const name = bytes.toString('latin1').toLowerCase();
  const plain = name.endsWith('.') ? name.slice(0, -1) : name;
  if (plain.length > 253 || !hostName.test(plain)) throw new Malformed('server-name');
  return plain;
}

function readAlpn(data: Buffer): readonly string[] {
  const outer = new Reader(data, 'alpn');
  const list = new Reader(outer.vector16(), 'alpn');
  if (!outer.atEnd || list.atEnd) throw new Malformed('alpn');
  const protocols: string[] = [];
  while (!list.atEnd) {
    const protocol = list.vector8();
    if (protocol.length === 0) throw new Malformed('alpn');
    protocols.push(protocol.toString('latin1'));
  }
  return protocols;
}

function readSupportedVersions(data: Buffer): boolean {
  const outer = new Reader(data, 'supported-versions');
  const versions = outer.vector8();
  if (!outer.atEnd || versions.length < 2 || versions.length % 2 !== 0) throw new Malformed('supported-versions');
  for (let offset = 0; offset < versions.length; offset += 2) {
    if (versions.readUInt16BE(offset) === tls13) return true;
  }
  return false;
}

/** Ends the parse from any depth; never leaves this file. */
class Malformed extends Error {
  readonly reason: ClientHelloProblem;

  constructor(reason: ClientHelloProblem) {
    super(reason);
    this.reason = reason;
  }
}

/** A cursor over bytes that must all be there; reading past the end is `problem`. */
class Reader {
  readonly #bytes: Buffer;
  readonly #problem: ClientHelloProblem;
  #offset = 0;

  constructor(bytes: Buffer, problem: ClientHelloProblem = 'truncated-field') {
    this.#bytes = bytes;
    this.#problem = problem;
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  skip(count: number): void {
    this.#take(count);
  }

  uint8(): number {
    return this.#take(1).readUInt8(0);
  }

  uint16(): number {
    return this.#take(2).readUInt16BE(0);
  }

  vector8(): Buffer {
    return this.#take(this.uint8());
  }

  vector16(): Buffer {
    return this.#take(this.uint16());
  }

  #take(count: number): Buffer {
    const end = this.#offset + count;
    if (end > this.#bytes.length) throw new Malformed(this.#problem);
    const part = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return part;
  }
}
