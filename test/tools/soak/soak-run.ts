import type { ClientBooks } from './client-books.ts';
import type { ClientSockets } from './client-sockets.ts';
import type { Gate } from './gate.ts';
import type { Random } from './random.ts';
import type { RequestMaker } from './request-maker.ts';
import type { World } from './world.ts';

/** What every client of a soak works with. */
export interface SoakRun {
  readonly world: World;
  readonly sockets: ClientSockets;
  readonly books: ClientBooks;
  readonly gate: Gate;
  readonly random: Random;
  readonly requests: RequestMaker;
}
