import type { Socket } from 'node:net';
import { discardReads } from './shared-read-buffer.ts';

/** What a connection hears of its client's stream. */
export interface ClientStreamListeners {
  readonly onClientData: (chunk: Buffer) => void;
  /** The client sends no more. */
  readonly onClientEnd: () => void;
  readonly onClientDrain: () => void;
  readonly onClientError: (error: Error & { code?: string }) => void;
}

/** Begins to listen to a client's stream, which the caller resumes; `releaseClientStream` ends that. */
export function listenToClientStream(
  stream: Socket,
  { onClientData, onClientEnd, onClientDrain, onClientError }: ClientStreamListeners,
): void {
  stream.on('data', onClientData);
  stream.on('end', onClientEnd);
  stream.on('drain', onClientDrain);
  stream.on('error', onClientError);
}

/**
 * Lets go of a client's stream that is about to end. What the client still sends is read and dropped: unread bytes would turn our FIN into a
 * reset, and our last bytes would be lost.
 */
export function releaseClientStream(
  stream: Socket,
  { onClientData, onClientEnd, onClientDrain, onClientError }: ClientStreamListeners,
): void {
  stream.off('data', onClientData);
  stream.off('end', onClientEnd);
  stream.off('drain', onClientDrain);
  stream.off('error', onClientError);
  stream.on('error', ignoreError);
  discardReads(stream);
  stream.resume();
}

function ignoreError(): void {}
