import { EventStream } from './event-streams.ts';
import type { LongLived } from './long-lived.ts';
import type { SoakRun } from './soak-run.ts';
import { EchoSocket } from './web-sockets.ts';

/** The connections that a soak opens at its beginning and leaves at its end. */
export class HeldConnections {
  readonly #run: SoakRun;
  readonly #each: number;
  #held: LongLived[] = [];

  /** @param each how many of each kind: WebSockets and event streams, over HTTP/1.1 and HTTP/2 */
  constructor(run: SoakRun, each: number) {
    this.#run = run;
    this.#each = each;
  }

  get all(): readonly LongLived[] {
    return this.#held;
  }

  /** Opens what is missing. The path that they use has to lead to a service whose backends stay. */
  async open(): Promise<void> {
    const run = this.#run;
    const [cell] = run.world.cellsOf('held');
    if (cell === undefined) return;
    for (const version of [1, 2] as const) {
      for (let missing = this.#missing(`held-websocket-http${version}`); missing > 0; missing--) {
        const client = `held-websocket-http${version}`;
        const socket = version === 1 ? await EchoSocket.overHttp1(run, cell, client) : await EchoSocket.overHttp2(run, cell, client);
        if (socket === undefined) return;
        void socket.live();
        this.#held.push(socket);
      }
      for (let missing = this.#missing(`held-events-http${version}`); missing > 0; missing--) {
        const client = `held-events-http${version}`;
        const stream = version === 1 ? await EventStream.overHttp1(run, cell, client) : await EventStream.overHttp2(run, cell, client);
        if (missing % 2 === 0) void stream.dose();
        this.#held.push(stream);
      }
    }
  }

  /** Says which connections will end with their worker; gives how many there are. */
  giveUp(isLost: (localPort: number) => boolean): readonly LongLived[] {
    const lost = this.#held.filter(({ socket }) => isLost(socket.localPort ?? 0));
    for (const each of lost) each.lost = true;
    this.#held = this.#held.filter((each) => !each.lost);
    return lost;
  }

  async leave(): Promise<void> {
    await Promise.all(this.#held.map((each) => each.leave()));
    this.#held = [];
  }

  #missing(client: string): number {
    return this.#each - this.#held.filter((each) => each.client === client).length;
  }
}
