import { AddressList } from '../../address-list.ts';
import type { KernelClients, KernelRoute } from './kernel-route.ts';

/** What a client sent a packet to. */
export interface Dialled {
  readonly address: string;
  readonly port: number;
}

/** A route with its networks made ready for asking. */
interface Turn {
  readonly route: KernelRoute;
  readonly isFor: (client: string) => boolean;
}

const nobody: readonly Turn[] = [];

/** Routes of the kernel by what clients dial, to tell whose a connection is as the rules do. */
export class RoutesByPlace {
  readonly #turns = new Map<string, Turn[]>();

  constructor(routes: readonly KernelRoute[]) {
    for (const route of routes) {
      const turn = { route, isFor: whom(route.from) };
      for (const address of route.addresses) {
        const place = placeKey(route.protocol, { address, port: route.port });
        const turns = this.#turns.get(place);
        if (turns === undefined) this.#turns.set(place, [turn]);
        else turns.push(turn);
      }
    }
  }

  /** All routes for what was dialled, whoever the client is. */
  at(protocol: KernelRoute['protocol'], dialled: Dialled): readonly Turn[] {
    return this.#turns.get(placeKey(protocol, dialled)) ?? nobody;
  }

  /** Whose a connection is. @param client its address in plain form */
  find(protocol: KernelRoute['protocol'], dialled: Dialled, client: string): KernelRoute | undefined {
    return this.at(protocol, dialled).find(({ isFor }) => isFor(client))?.route;
  }
}

function whom(from: KernelClients | undefined): Turn['isFor'] {
  if (from === undefined) return () => true;
  const own = from.networks === undefined ? undefined : new AddressList(from.networks);
  const others = new AddressList(from.except);
  return (client) => (own === undefined || own.has(client)) && !others.has(client);
}

function placeKey(protocol: KernelRoute['protocol'], { address, port }: Dialled): string {
  return `${protocol} ${address} ${port}`;
}
