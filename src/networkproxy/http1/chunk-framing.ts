import { serialiseFields } from './serialise-head.ts';

/** What goes before a chunk of so many bytes, which must be more than none. */
export function chunkHeader(bytes: number): string {
  return `${bytes.toString(16)}\r\n`;
}

/** What goes behind each chunk. */
export const chunkEnd = '\r\n';

/** The end of a chunked body. */
export function lastChunk(trailers: readonly string[]): string {
  return trailers.length === 0 ? '0\r\n\r\n' : `0\r\n${serialiseFields(trailers)}\r\n`;
}
