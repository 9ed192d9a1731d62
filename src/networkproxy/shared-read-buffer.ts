import { Socket } from 'node:net';
import { ReadBuffers } from '../read-buffers.ts';

/** Takes what one read brought: the first `size` bytes of `buffer`, valid during the call only. */
export type OnRead = (size: number, buffer: Buffer) => true;

/** What all accepted sockets of a worker read into: a read is consumed, or copied, before its callback returns, unless its memory is lent. */
export const clientReadBuffers = new ReadBuffers();
const readBuffer = clientReadBuffers.shared;

/**
 * The names under which a socket that was made with the public `onread` option keeps its buffer, its callback and the function that gives
 * the buffer of the next read. `net.Server` has no such option, so they are set on the sockets that it accepted.
 * docs/adr/003-read-buffer-of-accepted-sockets.md has the figures.
 */
export interface ReadHooks {
  readonly buffer: symbol;
  readonly callback: symbol;
  readonly next: symbol;
}

/** The majors of Node whose sockets were read and tested. On any other the reads come as 'data' events: slower, never wrong. */
const knownMajors: readonly string[] = ['26'];

/** The hooks of this Node; undefined when it is not a known one, or does not look like it. @param version as in `process.versions.node` */
export function findReadHooks(version: string): ReadHooks | undefined {
  if (!knownMajors.includes(version.split('.', 1)[0] ?? '')) return undefined;
  const withBuffer = new Socket({ onread: { buffer: readBuffer, callback: discard } });
  const withNext = new Socket({ onread: { buffer: sharedBuffer, callback: discard } });
  const buffer = onlyNameOf(withBuffer, readBuffer);
  const callback = onlyNameOf(withBuffer, discard);
  const next = onlyNameOf(withNext, sharedBuffer);
  return buffer === undefined || callback === undefined || next === undefined ? undefined : { buffer, callback, next };
}

/** The one symbol that has this value. */
function onlyNameOf(socket: Socket, value: unknown): symbol | undefined {
  const fields = socket as unknown as Record<symbol, unknown>;
  const names = Object.getOwnPropertySymbols(socket).filter((symbol) => fields[symbol] === value);
  return names.length === 1 ? names[0] : undefined;
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
 * resumes the stream in this turn; 'end', `pause()` and `resume()` work as ever, but a TLS socket that is paused still hands on the records
 * that it has. Called again, it replaces the callback. False: this socket can't, and everything comes as 'data'.
 */
export function readIntoSharedBuffer(socket: Socket, onRead: OnRead): boolean {
  if (hooks === undefined) return false;
  const hooked = socket as unknown as HookedSocket;
  if (hooked[hooks.callback] === null) {
    const handle = hooked._handle;
    if (typeof handle?.useUserBuffer !== 'function' || hooked[hooks.buffer] !== null || hooked[hooks.next] !== null) return false;
    handle.useUserBuffer(readBuffer);
    hooked[hooks.buffer] = readBuffer;
  } else if (typeof hooked[hooks.callback] !== 'function') return false;
  hooked[hooks.callback] = onRead;
  return true;
}

/** For a socket that reads into the shared buffer: asked after each read where the next one goes; undefined: into the same memory again. */
export function setNextBuffer(socket: Socket, next: () => Buffer | undefined): void {
  if (hooks !== undefined) (socket as unknown as HookedSocket)[hooks.next] = next;
}

/** Lets go of the callback: what still arrives is read and dropped. */
export function discardReads(socket: Socket): void {
  const hooked = socket as unknown as HookedSocket;
  if (hooks !== undefined && typeof hooked[hooks.callback] === 'function') hooked[hooks.callback] = discard;
}

/** The same bytes for keeping: a copy when they lie in the shared buffer, which the next read of any socket overwrites, or in a lent one. */
export function bytesToKeep(chunk: Buffer): Buffer {
  return chunk.buffer === readBuffer.buffer || clientReadBuffers.isLent(chunk) ? Buffer.from(chunk) : chunk;
}

function sharedBuffer(): Buffer {
  return readBuffer;
}

function discard(): true {
  return true;
}
