import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Takes what one read brought: the first `size` bytes of `buffer`, valid during the call only. */
export type OnRead = (size: number, buffer: Buffer) => true;

/** One read buffer serves all accepted sockets of a worker: a read is consumed, or copied, before its callback returns. */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

/**
 * The names under which a socket that was made with the public `onread` option keeps its buffer and callback. `net.Server` has no such
 * option, so they are set on the sockets that it accepted. docs/adr/003-read-buffer-of-accepted-sockets.md has the figures.
 */
export interface ReadHooks {
  readonly buffer: symbol;
  readonly callback: symbol;
}

/** The majors of Node whose sockets were read and tested. On any other the reads come as 'data' events: slower, never wrong. */
const knownMajors: readonly string[] = ['26'];

/** The hooks of this Node; undefined when it is not a known one, or does not look like it. @param version as in `process.versions.node` */
export function findReadHooks(version: string): ReadHooks | undefined {
  if (!knownMajors.includes(version.split('.', 1)[0] ?? '')) return undefined;
  const sample = new Socket({ onread: { buffer: readBuffer, callback: discard } });
  const fields = sample as unknown as Record<symbol, unknown>;
  const symbols = Object.getOwnPropertySymbols(sample);
  const buffers = symbols.filter((symbol) => fields[symbol] === readBuffer);
  const callbacks = symbols.filter((symbol) => fields[symbol] === discard);
  const [buffer] = buffers;
  const [callback] = callbacks;
  if (buffer === undefined || callback === undefined || buffers.length + callbacks.length !== 2) return undefined;
  return { buffer, callback };
}

const hooks = findReadHooks(process.versions.node);

/** What a socket has when its hooks can be used. */
interface HookedSocket {
  readonly _handle?: { readonly useUserBuffer?: (buffer: Buffer) => void } | null;
  [hook: symbol]: unknown;
}

/**
 * From now on what `socket` reads goes to `onRead` and not through its stream, which would allocate 64 KiB for each read: a request
 * costs 8 % less (bench: http1). Bytes that the stream holds already still come as 'data', and before the first read when the caller
 * resumes the stream in this turn; 'end', `pause()` and `resume()` work as ever. Called again, it replaces the callback. False: this
 * socket can't, and everything comes as 'data'.
 */
export function readIntoSharedBuffer(socket: Socket, onRead: OnRead): boolean {
  // A TLS socket may decrypt more while it writes, which would overwrite what is being read.
  if (hooks === undefined || socket instanceof TLSSocket) return false;
  const hooked = socket as unknown as HookedSocket;
  if (hooked[hooks.buffer] !== readBuffer) {
    const handle = hooked._handle;
    if (typeof handle?.useUserBuffer !== 'function' || hooked[hooks.buffer] !== null) return false;
    handle.useUserBuffer(readBuffer);
    hooked[hooks.buffer] = readBuffer;
  }
  hooked[hooks.callback] = onRead;
  return true;
}

/** Lets go of the callback: what still arrives is read and dropped. */
export function discardReads(socket: Socket): void {
  const hooked = socket as unknown as HookedSocket;
  if (hooks !== undefined && hooked[hooks.buffer] === readBuffer) hooked[hooks.callback] = discard;
}

/** The same bytes for keeping: a copy when they lie in the shared buffer, which the next read of any socket overwrites. */
export function bytesToKeep(chunk: Buffer): Buffer {
  return chunk.buffer === readBuffer.buffer ? Buffer.from(chunk) : chunk;
}

function discard(): true {
  return true;
}
