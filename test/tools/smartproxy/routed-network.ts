import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { RoutedMachines } from './routed-machines.ts';

/** What a machine can be told to do. */
export type PeerRequest =
  /** Greets every client with its name and the client's address, and echoes with both in front. */
  | { readonly type: 'serve-tcp' | 'serve-udp'; readonly name: string; readonly address: string; readonly port: number }
  /** Answered with the greeting, or an error's code, `closed` or `silence`. With an id the connection stays open. */
  | {
      readonly type: 'dial-tcp';
      readonly id: string | undefined;
      readonly host: string;
      readonly port: number;
      readonly timeoutMs: number;
      readonly from?: string;
    }
  | { readonly type: 'say-tcp'; readonly id: string; readonly text: string; readonly timeoutMs: number }
  /** From the same port for the same id. */
  | {
      readonly type: 'say-udp';
      readonly id: string;
      readonly host: string;
      readonly port: number;
      readonly text: string;
      readonly timeoutMs: number;
      readonly from?: string;
    };

/** For what must not be answered: long enough that an answer would have come. */
const silenceMs = 700;
const patienceMs = 20_000;

/** One machine with its network namespace. */
class Peer {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: string) => void>();
  #next = 1;

  constructor(machines: RoutedMachines, machine: 'client' | 'servers') {
    this.#child = machines.fork(machine, join(import.meta.dirname, 'network-peer-main.ts'));
    this.#child.on('message', ({ number, answer }: { readonly number: number; readonly answer: string }) => {
      this.#waiting.get(number)?.(answer);
      this.#waiting.delete(number);
    });
  }

  async ready(): Promise<void> {
    await once(this.#child, 'message');
  }

  ask(request: PeerRequest): Promise<string> {
    const number = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(number, resolve);
      this.#child.send({ number, request });
    });
  }

  close(): void {
    this.#child.disconnect();
  }
}

/** `RoutedMachines` with something to dial with on the client, and something to dial on the servers. */
export class RoutedNetwork {
  readonly #machines: RoutedMachines;
  readonly #client: Peer;
  readonly #servers: Peer;

  private constructor(machines: RoutedMachines) {
    this.#machines = machines;
    this.#client = new Peer(machines, 'client');
    this.#servers = new Peer(machines, 'servers');
  }

  static async make(): Promise<RoutedNetwork> {
    const network = new RoutedNetwork(await RoutedMachines.make());
    await Promise.all([network.#client.ready(), network.#servers.ready()]);
    return network;
  }

  serve(protocol: 'tcp' | 'udp', name: string, address: string, port: number): Promise<string> {
    return this.#servers.ask({ type: `serve-${protocol}`, name, address, port });
  }

  /** Dials from the client. @param id keeps the connection, for `say` */
  dial(host: string, port: number, id?: string): Promise<string> {
    return this.#client.ask({ type: 'dial-tcp', id, host, port, timeoutMs: patienceMs });
  }

  /** As `dial`, from one of the client's addresses. */
  dialFrom(from: string, host: string, port: number, id?: string): Promise<string> {
    return this.#client.ask({ type: 'dial-tcp', id, host, port, timeoutMs: patienceMs, from });
  }

  /** As `dialFrom`, for what is expected to get no answer. */
  dialFromInVain(from: string, host: string, port: number): Promise<string> {
    return this.#client.ask({ type: 'dial-tcp', id: undefined, host, port, timeoutMs: silenceMs, from });
  }

  /** As `dial`, for what is expected to get no answer. */
  dialInVain(host: string, port: number): Promise<string> {
    return this.#client.ask({ type: 'dial-tcp', id: undefined, host, port, timeoutMs: silenceMs });
  }

  say(id: string, text: string): Promise<string> {
    return this.#client.ask({ type: 'say-tcp', id, text, timeoutMs: patienceMs });
  }

  sayInVain(id: string, text: string): Promise<string> {
    return this.#client.ask({ type: 'say-tcp', id, text, timeoutMs: silenceMs });
  }

  /** Sends a datagram, from one port for one id, again until something comes back: the network may lose it. */
  send(id: string, host: string, port: number, text: string): Promise<string> {
    return this.#send({ id, host, port, text });
  }

  /** As `send`, from one of the client's addresses. */
  sendFrom(from: string, id: string, host: string, port: number, text: string): Promise<string> {
    return this.#send({ id, host, port, text, from });
  }

  /** As `send`, for what is expected to get no answer. */
  sendInVain(id: string, host: string, port: number, text: string): Promise<string> {
    return this.#client.ask({ type: 'say-udp', id, host, port, text, timeoutMs: silenceMs });
  }

  async #send(what: { readonly id: string; readonly host: string; readonly port: number; readonly text: string; readonly from?: string }) {
    let answer = 'silence';
    await eventually(`an answer from ${what.host} port ${what.port}`, async () => {
      answer = await this.#client.ask({ type: 'say-udp', timeoutMs: 1000, ...what });
      return answer !== 'silence';
    });
    return answer;
  }

  close(): void {
    this.#client.close();
    this.#servers.close();
    this.#machines.close();
  }
}
