import { nothing, type Piece, payloadBytes } from './payload.ts';
import type { Random } from './random.ts';
import type { Sent } from './verdict.ts';
import type { SoakCell } from './world.ts';

/** Bodies on paths whose limit changes: a refused one is still read by the program, so that its sender gets the answer. */
const smallUpload = 60_000;

export interface RequestWishes {
  readonly client: string;
  readonly cell: SoakCell;
  readonly secure: boolean;
  readonly method: string;
  /** Largest upload and answer in bytes. */
  readonly maxBytes: number;
}

/** Makes requests with answers that can be checked to the last byte. */
export class RequestMaker {
  readonly #random: Random;
  #made = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  make({ client, cell, secure, method, maxBytes }: RequestWishes): Sent {
    const random = this.#random;
    const ask = `${client}-${++this.#made}`;
    const answer = this.#piece(maxBytes);
    const status = random.chance(0.04) ? random.one([201, 404, 500]) : 200;
    const target = `${cell.path}/body?status=${status}&offset=${answer.offset}&bytes=${answer.bytes}&ask=${ask}`;
    const uploads = method === 'POST' || method === 'PUT';
    const upload = uploads ? this.#piece(cell.kind === 'limited' ? Math.min(maxBytes, smallUpload) : maxBytes) : nothing;
    return { client, cell, method, target, secure, ask, upload, status, answer, startMs: performance.now() };
  }

  /** Mostly small, sometimes as large as it may be. */
  #piece(maxBytes: number): Piece {
    const random = this.#random;
    const most = random.chance(0.08) ? maxBytes : random.chance(0.2) ? Math.min(maxBytes, 65_536) : Math.min(maxBytes, 4096);
    return { offset: random.between(0, payloadBytes - 1), bytes: random.between(0, most) };
  }
}
