import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Peer, PeerSetup } from '../peers/peer.ts';
import { manifestFolder, startSmartproxy } from '../peers/smartproxy.ts';
import { processTree } from '../process-tree.ts';

/** What is already in the worker's sockets and queues when it goes on. */
const arriveMs = 300;
/** The rest of an operation: what the worker does after the answer, a flush of its log included. */
const settleMs = 1200;

/** The program with one worker whose turns are timed. */
export class MeasuredProgram implements AsyncDisposable {
  readonly peer: Peer & { readonly statusPort: number };
  readonly #setup: PeerSetup;
  readonly #workerPid: number;
  readonly #turns: string;

  private constructor(setup: PeerSetup, peer: Peer & { readonly statusPort: number }, turns: string) {
    this.peer = peer;
    this.#setup = setup;
    this.#turns = turns;
    this.#workerPid = processTree(peer.pid)[1] ?? 0;
  }

  static async start(setup: PeerSetup): Promise<MeasuredProgram> {
    const turns = join(setup.dir, 'turns');
    mkdirSync(turns, { recursive: true });
    const env = { BENCH_TURNS: turns, NODE_OPTIONS: `--import=${new URL('./turn-probe.ts', import.meta.url)}` };
    return new MeasuredProgram(setup, await startSmartproxy(setup, { env }), turns);
  }

  /** Adds or replaces a file of manifests; the program sees it by itself. */
  writeManifests(name: string, manifests: string): void {
    writeFileSync(join(manifestFolder(this.#setup), `${name}.yaml`), manifests);
  }

  /** Milliseconds of the longest turn of the worker from the beginning of `work` until it has been quiet for a while. */
  async longestTurn(work: () => Promise<unknown>): Promise<number> {
    await this.#ask();
    await work();
    await delay(settleMs);
    return await this.#ask();
  }

  /** Stops the worker while `work` sends it things, which it then finds all at once. */
  async allAtOnce(work: () => Promise<unknown>): Promise<void> {
    process.kill(this.#workerPid, 'SIGSTOP');
    try {
      await work();
      await delay(arriveMs);
    } finally {
      process.kill(this.#workerPid, 'SIGCONT');
    }
  }

  async #ask(): Promise<number> {
    return Number(await text(connect(join(this.#turns, String(this.#workerPid)))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer.stop();
  }
}
