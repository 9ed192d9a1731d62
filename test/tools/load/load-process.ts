import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { InsideNetwork } from '../inside-network.ts';
import type { LoadPlan, LoadReport } from './load-plan.ts';

/** A load as a process of its own in a network; it goes on until `finish`. */
export class LoadProcess {
  readonly #process: ReturnType<InsideNetwork['spawn']>;
  readonly #output: Promise<string>;

  constructor(network: InsideNetwork, plan: LoadPlan) {
    this.#process = network.spawn(process.execPath, join(import.meta.dirname, 'steady-load-main.ts'), JSON.stringify(plan));
    this.#output = text(this.#process.stdout);
  }

  async finish(): Promise<LoadReport> {
    this.#process.stdin.end();
    return JSON.parse(await this.#output) as LoadReport;
  }
}

/** One line on a load, for the record. */
export function summaryOf({ seconds, lanes, tunnels }: LoadReport): string {
  const total = (of: (lane: LoadReport['lanes'][number]) => number) => lanes.reduce((sum, lane) => sum + of(lane), 0);
  const failed = total(({ failures }) => failures.length);
  return (
    `${total(({ requests }) => requests)} requests on ${total(({ connections }) => connections)} connections in ${seconds.toFixed(0)} s, ` +
    `${failed} failed; HTTP/2 gave ${total(({ givenBack }) => givenBack)} back; ${tunnels.messages} messages on ${tunnels.opened} upgraded ` +
    `connections, ${tunnels.ended} of which ended`
  );
}
