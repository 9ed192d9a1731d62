import { Duplex } from 'node:stream';
import { connect, type SecureVersion } from 'node:tls';

/** What a ClientHello for tests contains; every field has a sensible default. */
export interface HelloParts {
  readonly serverName?: string | Buffer | undefined;
  readonly alpn?: readonly string[];
  readonly versions?: readonly number[];
  /** More extensions, ahead of the others: type and data. */
  readonly extra?: readonly (readonly [number, Buffer])[];
  readonly withoutExtensions?: boolean;
}

/** One handshake message. */
export function helloMessage(parts: HelloParts = {}): Buffer {
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    vector8(Buffer.alloc(32, 9)),
    vector16(Buffer.from('0a0a13011302c02b', 'hex')),
    vector8(Buffer.from([0])),
    parts.withoutExtensions === true ? Buffer.alloc(0) : vector16(extensionsOf(parts)),
  ]);
  const header = Buffer.alloc(4);
  header.writeUInt8(1, 0);
  header.writeUIntBE(body.length, 1, 3);
  return Buffer.concat([header, body]);
}

function extensionsOf({
  serverName = 'shop.example.com',
  alpn = ['h2', 'http/1.1'],
  versions = [0x0304, 0x0303],
  extra = [],
}: HelloParts): Buffer {
  const list = [...extra.map(([type, data]) => extension(type, data))];
  if (serverName.length > 0) list.push(extension(0, vector16(Buffer.concat([Buffer.from([0]), vector16(Buffer.from(serverName))]))));
  if (alpn.length > 0) list.push(extension(16, vector16(Buffer.concat(alpn.map((name) => vector8(Buffer.from(name)))))));
  if (versions.length > 0) list.push(extension(43, vector8(Buffer.concat(versions.map((version) => uint16(version))))));
  return Buffer.concat(list);
}

/** The message in TLS records of at most `recordBytes`. */
export function records(message: Buffer, recordBytes = 16_384): Buffer {
  const parts: Buffer[] = [];
  for (let offset = 0; offset < message.length; offset += recordBytes) {
    const fragment = message.subarray(offset, offset + recordBytes);
    parts.push(Buffer.from([22, 3, 1]), uint16(fragment.length), fragment);
  }
  return Buffer.concat(parts);
}

/** A whole hello on the wire. */
export function hello(parts: HelloParts = {}, recordBytes?: number): Buffer {
  return records(helloMessage(parts), recordBytes);
}

export function extension(type: number, data: Buffer): Buffer {
  return Buffer.concat([uint16(type), vector16(data)]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function vector8(data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([data.length]), data]);
}

function vector16(data: Buffer): Buffer {
  return Buffer.concat([uint16(data.length), data]);
}

/** The first flight of a real TLS client: one that a server answers. */
export async function genuineHello(servername: string, maxVersion: SecureVersion = 'TLSv1.3'): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const wire = new Duplex({ read: () => {}, write: (chunk: Buffer) => resolve(chunk) });
  const client = connect({ socket: wire, servername, maxVersion });
  client.on('error', () => {});
  const bytes = await promise;
  client.destroy();
  return bytes;
}
