import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { CommandMetrics } from '../command-metrics.ts';
import { eventually } from '../eventually.ts';
import { Churn } from './churn.ts';
import { ClientBooks } from './client-books.ts';
import { ClientSockets } from './client-sockets.ts';
import { Gate } from './gate.ts';
import { HeldConnections } from './held-connections.ts';
import { LiveManifests } from './live-manifests.ts';
import type { ProcessState } from './process-probe.ts';
import { Random } from './random.ts';
import { RequestMaker } from './request-maker.ts';
import { untilBooksAgree } from './soak-books.ts';
import { soakLoad } from './soak-load.ts';
import type { SoakRun } from './soak-run.ts';
import { liveService, makeWorld } from './soak-world.ts';
import { SoakedProgram } from './soaked-program.ts';
import type { SoakService } from './world.ts';

/** The size of a soak. */
export interface SoakOptions {
  readonly seed: number;
  readonly workers: number;
  /** Long connections of each kind. */
  readonly heldOfEachKind: number;
}

const sampleMs = 1000;
const backendsAtStart = 2;

/** A program under load and change, and what its clients saw of it. */
export class Soak {
  readonly program: SoakedProgram;
  readonly churn: Churn;
  readonly held: HeldConnections;
  readonly run: SoakRun;
  readonly #options: SoakOptions;
  readonly #manifests: LiveManifests;
  readonly #base: ReadonlyMap<string, ProcessState>;
  #load: Promise<void> = Promise.resolve();

  private constructor(options: SoakOptions, program: SoakedProgram, base: ReadonlyMap<string, ProcessState>, run: SoakRun) {
    this.#options = options;
    this.program = program;
    this.#base = base;
    this.run = run;
    this.#manifests = new LiveManifests(program.folder, program.status, program.admin, options.workers);
    const live = run.world.services.find(({ name }) => name === liveService) as SoakService;
    this.churn = new Churn(run.world, this.#manifests, new Random(options.seed + 1), live);
    this.held = new HeldConnections(run, options.heldOfEachKind);
  }

  /** Starts program and backends, opens the long connections and lets the clients wait for the first `underLoad`. */
  static async start(t: TestContext, options: SoakOptions): Promise<Soak> {
    const program = await SoakedProgram.start(t, options.workers);
    const base = await program.states();
    const books = new ClientBooks();
    const random = new Random(options.seed);
    const sockets = new ClientSockets(program.http, program.https, books);
    const world = await makeWorld();
    const soak = new Soak(options, program, base, { world, sockets, books, gate: new Gate(), random, requests: new RequestMaker(random) });
    t.after(() => soak.#abandon());
    for (const service of world.services) {
      for (let nth = 0; nth < backendsAtStart; nth++) await soak.churn.startBackend(service);
    }
    await soak.churn.publishAll();
    const sampler = setInterval(() => program.sample(), sampleMs);
    t.after(() => clearInterval(sampler));
    await soak.#unlessWrong(soak.held.open());
    soak.#load = soakLoad(soak.run);
    soak.#load.catch((error: unknown) => books.fail(`a client failed: ${error instanceof Error ? error.stack : error}`));
    return soak;
  }

  /** Ends clients and backends in whatever state, so that a failed soak does not go on. */
  async #abandon(): Promise<void> {
    const { gate, sockets } = this.run;
    gate.stop();
    for (const socket of sockets.open) socket.destroy();
    await this.churn.endBackends();
  }

  /** What processes held before the first connection. */
  get base(): ReadonlyMap<string, ProcessState> {
    return this.#base;
  }

  /** Load and changes until `isDone` says so; then nothing is in flight, and what the program counted is what the clients saw. */
  async underLoad(isDone: () => boolean): Promise<void> {
    await this.#unlessWrong(this.#loadUntil(isDone));
  }

  async #loadUntil(isDone: () => boolean): Promise<void> {
    const { gate, books } = this.run;
    gate.open();
    while (!isDone() && books.wrong === 0) await this.churn.step();
    await gate.close();
    await untilBooksAgree(this.run, this.program.status);
  }

  /** Kills one worker with nothing in flight but the long connections: exactly its own connections are lost, and counted so. */
  async loseWorker(slot: number): Promise<void> {
    await this.#unlessWrong(this.#killWorker(slot));
    await this.churn.settleLive();
    await this.#unlessWrong(this.held.open());
  }

  async #killWorker(slot: number): Promise<void> {
    const { sockets } = this.run;
    const owners = await this.program.owners();
    const all = [...sockets.open];
    const isLost = (port: number): boolean => owners.get(port) === slot;
    const ports = all.map(({ localPort = 0 }) => localPort);
    assert.deepEqual(
      ports.filter((port) => !owners.has(port)),
      [],
      'the program knows every connection',
    );
    const lost = all.filter((_, index) => isLost(ports[index] ?? 0));
    assert.ok(lost.length > 0 && lost.length < all.length, `${lost.length} of ${all.length} connections are worker ${slot}'s`);
    const heldLost = this.held.giveUp(isLost);
    await this.program.killWorker(slot);
    await Promise.all(heldLost.map(({ over }) => over));
    await eventually('its connections are gone', () => lost.every((socket) => !sockets.open.has(socket)));
    for (const socket of all) assert.equal(sockets.open.has(socket), !lost.includes(socket), 'the others live');
    const metrics = await untilBooksAgree(this.run, this.program.status);
    assert.equal(metrics.sum('smartproxy_connections_closed_total', { reason: 'worker_lost' }), lost.length);
  }

  /** Kinds of clients and changes that have not come to anything yet. */
  missing(): readonly string[] {
    const { books } = this.run;
    const clients = [
      ...['http1', 'http1-large', 'http1-new', 'http1-slow', 'https', 'https-new', 'http1-pipelined', 'http2'],
      ...['http1-abort-hold', 'http1-abort-endless', 'http2-cancel-hold', 'http2-cancel-endless', 'websocket-http1', 'websocket-http2'],
      ...['grpc-Unary', 'grpc-Chat', 'grpc-Expand', 'grpc-Collect'],
    ];
    const flags = ['no_path', 'redirect_https', 'body_too_large', 'no_endpoints'] as const;
    return [
      ...clients.filter((client) => (books.right[client] ?? 0) < 20),
      ...this.churn.kinds.filter((kind) => (this.churn.done[kind] ?? 0) < 2),
      ...flags.filter((flag) => books.byFlag[flag] === undefined),
    ];
  }

  /** Lets every client leave; long connections have lived until now. */
  async leave(): Promise<void> {
    const { gate, sockets } = this.run;
    gate.stop();
    await this.#unlessWrong(this.#load);
    for (const { client, progress } of this.held.all) assert.ok(progress > 10, `${client} came to ${progress} messages`);
    await this.#unlessWrong(this.held.leave());
    await eventually('all clients have left', () => sockets.open.size === 0);
    await untilBooksAgree(this.run, this.program.status);
  }

  /** Takes all objects away and waits until every process holds what it held before the first connection. */
  async untilAtRest(): Promise<void> {
    for (const file of this.run.world.files.keys()) if (file !== 'class') await this.#manifests.write(file, '');
    await eventually('no connection is left', async () => {
      const metrics = await CommandMetrics.scrape(this.program.status);
      const gauges = ['smartproxy_connections_active', 'networkproxy_connected_clients', 'networkproxy_portproxy_connections'];
      for (const gauge of [...gauges, 'networkproxy_tls_connections_active', 'networkproxy_upstream_connections']) {
        assert.equal(metrics.sum(gauge), 0, gauge);
      }
      return true;
    });
    await eventually('every process holds what it held at first', async () => {
      assert.deepEqual(holdings(await this.program.states()), holdings(this.#base));
      return true;
    });
  }

  /** In a few lines: what was done and seen. */
  async summary(): Promise<string> {
    const { books, sockets } = this.run;
    const metrics = await CommandMetrics.scrape(this.program.status);
    const closed = metrics.nonZero('smartproxy_connections_closed_total', ['side', 'reason']);
    return [
      `${books.requests} requests, ${sockets.connected} connections (${sockets.secured} TLS, ${sockets.resumed} resumed), ${this.#manifests.changes} changes, ${metrics.sum('smartproxy_table_generation')} tables`,
      `right answers: ${JSON.stringify(books.right)}`,
      `own answers: ${JSON.stringify(books.byFlag)}`,
      `changes: ${JSON.stringify(this.churn.done)}`,
      `closed: ${JSON.stringify(closed)}`,
    ].join('\n');
  }

  /** What `work` gives, unless a client sees something wrong first. */
  async #unlessWrong<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    const { seed } = this.#options;
    const wrong = this.run.books.firstWrong.then((what) =>
      assert.fail(`${what}\n  at ${performance.now().toFixed(0)} ms, seed ${seed}, changes so far: ${JSON.stringify(this.churn.done)}`),
    );
    return await Promise.race([work, wrong]);
  }
}

/** All but memory. */
function holdings(states: ReadonlyMap<string, ProcessState>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    [...states].map(([name, { descriptors, deadlines, timers, objects }]) => [name, { descriptors, deadlines, timers, objects }]),
  );
}
