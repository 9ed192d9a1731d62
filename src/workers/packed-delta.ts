import { deserialize, serialize } from 'node:v8';
import { cutDelta } from '../routes/cut-delta.ts';
import { decodeDelta, encodeDelta, type WireDelta } from '../routes/encode-delta.ts';
import type { TableDelta } from '../routes/table-delta.ts';

/**
 * A table delta on its way to a worker. A large one is cut into pieces that are serialised one by one, so that the worker may read each
 * in a turn of the event loop of its own; it stays one message, so that what is sent behind it arrives behind it.
 */
export type PackedDelta =
  | { readonly kind: 'small'; readonly delta: WireDelta }
  | { readonly kind: 'large'; readonly pieces: readonly Uint8Array[] };

/** What one piece holds, in the measure of `cutDelta`: about 5 ms of a worker (bench: event-loop). */
export const pieceCost = 1000;

/** Makes a delta ready for any number of workers. */
export function packDelta(delta: TableDelta): PackedDelta {
  const pieces = cutDelta(delta, pieceCost);
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return { kind: 'small', delta: encodeDelta(only) };
  return { kind: 'large', pieces: pieces.map((piece) => serialize(encodeDelta(piece))) };
}

/** The pieces in order, each read when it is asked for. */
export function* unpackDelta(packed: PackedDelta): Generator<TableDelta, void> {
  if (packed.kind === 'small') yield decodeDelta(packed.delta);
  else for (const piece of packed.pieces) yield decodeDelta(deserialize(piece));
}
