import { defaultMaxFrameBytes } from './frames.ts';

/** A stream that may have something to send. */
export interface Pumped {
  readonly id: number;
  readonly isWaiting: boolean;
  /** Sends what may go now, at most `limit` bytes; returns how many went. */
  pump(limit: number): number;
}

/** One frame of each waiting stream in turn, until nothing more may go. Who sent goes to the end: a small window serves all alike. */
export function pumpFairly<S extends Pumped>(streams: Map<number, S>, maySend: () => boolean): void {
  let sent = true;
  while (sent && maySend()) {
    sent = false;
    for (const stream of [...streams.values()]) {
      if (!stream.isWaiting || stream.pump(defaultMaxFrameBytes) === 0) continue;
      sent = true;
      if (streams.delete(stream.id)) streams.set(stream.id, stream);
    }
  }
}
