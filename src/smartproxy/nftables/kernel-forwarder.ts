import { messageOf, SmartProxyError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { buildRuleset, type KernelCounter, kernelCounters, ownName } from './build-ruleset.ts';
import type { Conntrack } from './conntrack.ts';
import { forwardingSwitchesOff } from './forwarding-switch.ts';
import type { KernelRoute } from './kernel-route.ts';
import type { Nft } from './nft.ts';
import type { Ruleset } from './nft-json.ts';
import { RefusedNeeds, type RefusedRoute } from './refused-needs.ts';
import { RoutesByPlace } from './routes-by-place.ts';
import { mayHaveStale, StaleFinder } from './stale-connections.ts';
import { type CounterValue, hasShapeOf, readListing, type TableListing } from './table-listing.ts';
import { removal, transaction } from './transaction.ts';

export interface KernelForwarderOptions {
  /** The table of the kernel that is ours alone, in family inet. */
  readonly table: string;
  readonly nft: Pick<Nft, 'apply' | 'list' | 'takes'>;
  readonly conntrack: Pick<Conntrack, 'each' | 'forget'>;
  /**
   * What the kernel shall forward now; asked before every look at it, since this machine's addresses change too. undefined: that is not
   * known yet, and what an earlier process left stays.
   */
  readonly routes: () => readonly KernelRoute[] | undefined;
  readonly log: Log;
  /** Told after every attempt. */
  readonly report: (verdict: KernelVerdict) => void;
  /** How often the kernel's rules are compared with ours. @default 5,000 */
  readonly checkEveryMs?: number;
}

/** How far the kernel forwards what it should. */
export interface KernelVerdict {
  /** Why none of it is as it should be; undefined: it is. */
  readonly problem: string | undefined;
  /** Routes that need what this kernel can't do: they are left out. */
  readonly refused: readonly RefusedRoute[];
}

/** What the kernel counted for one route; zeros before it forwarded any. */
export interface KernelRouteCounts extends Readonly<Record<KernelCounter, CounterValue>> {
  readonly id: string;
  /** Connections that it tracks now; undefined: this kernel does not show them. */
  readonly open: number | undefined;
}

export interface KernelFacts {
  /** Whether its rules are what they should be, for all routes. */
  readonly programmed: boolean;
  /** Routes that are left out. */
  readonly refused: number;
  /** Transactions that it took. */
  readonly transactions: number;
  /** Those of them because somebody else had changed our table. */
  readonly repairs: number;
  readonly failures: number;
  readonly routes: readonly KernelRouteCounts[];
}

/** The ruleset that the kernel took, and what it looked like right after. */
interface Applied {
  readonly text: string;
  readonly listing: string;
  readonly routes: readonly KernelRoute[];
}

/** Each finds up to 512 clients of endpoints. */
const maxLooks = 20;
const nothingCounted: CounterValue = { packets: 0, bytes: 0 };

/**
 * Keeps one table of the kernel as the routes say, and takes it away at the end. The only writer of that table: it lives in the main
 * process. One thing is done at a time, always for the last state; what fails is tried again with the next look.
 */
export class KernelForwarder {
  readonly #options: KernelForwarderOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #needs: RefusedNeeds;
  #applied: Applied | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #problem: string | undefined;
  #refused: readonly RefusedRoute[] = [];
  #transactions = 0;
  #repairs = 0;
  #failures = 0;

  constructor(options: KernelForwarderOptions) {
    this.#options = options;
    this.#needs = new RefusedNeeds(options.nft, options.table);
    this.#timer = setInterval(() => this.update(), options.checkEveryMs ?? 5000).unref();
  }

  /** Routes may have changed: looks, and writes what differs. */
  update(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#running ??= this.#run();
  }

  /** Resolves when the kernel was asked for the last state: why it does not forward it, or undefined. */
  async settled(): Promise<string | undefined> {
    while (this.#running !== undefined) await this.#running;
    return this.#problem;
  }

  /** What the kernel says now; without its word, what is known without it. */
  async facts(): Promise<KernelFacts> {
    const routes = this.#applied?.routes ?? [];
    const listing = routes.length === 0 ? undefined : await this.#list().catch(() => undefined);
    const open = await this.#openById(routes);
    return {
      programmed: this.#problem === undefined && this.#refused.length === 0 && this.#applied !== undefined,
      refused: this.#refused.length,
      transactions: this.#transactions,
      repairs: this.#repairs,
      failures: this.#failures,
      routes: routes.map((route) => ({
        id: route.id,
        open: open === undefined ? undefined : (open.get(route.id) ?? 0),
        ...countsOf(route, listing),
      })),
    };
  }

  /** Takes the table away. What the kernel forwards already goes on, as far as it tracks it. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closed = true;
    await this.settled();
    try {
      if ((await this.#options.nft.list(this.#options.table)) !== undefined) await this.#options.nft.apply(removal(this.#options.table));
    } catch (error) {
      // Rules that could never be made need not be removed.
      if (this.#applied !== undefined) this.#options.log.error({ err: error }, 'rules of the kernel not removed');
    }
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      try {
        await this.#reconcile();
        this.#problem = undefined;
      } catch (error) {
        this.#failures++;
        this.#problem = messageOf(error);
      }
      this.#options.report({ problem: this.#problem, refused: this.#refused });
    }
    this.#running = undefined;
  }

  /** With what the kernel refuses of some routes found out, those routes are left out. */
  async #reconcile(): Promise<void> {
    const routes = this.#options.routes();
    if (routes === undefined) return;
    await this.#needs.lookAgain();
    try {
      await this.#bring(routes);
    } catch (error) {
      const isRefusal = error instanceof SmartProxyError && error.code === 'KERNEL_REFUSED';
      if (!isRefusal || !(await this.#needs.explain(routes))) throw error;
      await this.#bring(routes);
    }
  }

  /** Makes the kernel forward all routes that it can. */
  async #bring(all: readonly KernelRoute[]): Promise<void> {
    const { table, nft } = this.#options;
    const { possible: routes, refused } = this.#needs.split(all);
    this.#refused = refused;
    const before = this.#applied;
    if (routes.length === 0 && before !== undefined && before.routes.length === 0) return;
    const listing = await this.#list();
    if (routes.length === 0) {
      if (listing !== undefined) await nft.apply(removal(table));
      this.#applied = { text: '', listing: '', routes };
      await this.#forgetStale(before?.routes ?? [], routes);
      return;
    }
    const ruleset = buildRuleset(routes);
    const text = JSON.stringify(ruleset);
    const isSame = before?.text === text;
    if (isSame && listing?.text === before.listing) {
      // Endpoints that only keep what they have are in no rule.
      this.#applied = { ...before, routes };
      await this.#forgetStale(before.routes, routes);
      return;
    }
    await this.#requireForwarding(routes, listing);
    await this.#write(ruleset, listing);
    this.#applied = { text, listing: await this.#verified(ruleset), routes };
    if (isSame) this.#repairs++;
    await this.#forgetStale(before?.routes ?? [], routes);
    this.#tell(routes, isSame);
  }

  #tell(routes: readonly KernelRoute[], isRepair: boolean): void {
    const { table, log } = this.#options;
    if (isRepair) log.warn({ table }, 'rules of the kernel were changed by somebody else and are restored');
    else log.info({ table, routes: routes.length }, 'rules of the kernel written');
  }

  async #write(ruleset: Ruleset, listing: TableListing | undefined): Promise<void> {
    const { table, nft } = this.#options;
    await nft.apply(transaction(table, listing?.objects, ruleset));
    this.#transactions++;
  }

  /** What the table looks like now that it is ours. */
  async #verified(ruleset: Ruleset): Promise<string> {
    const listing = await this.#list();
    if (listing === undefined || !hasShapeOf(listing, ruleset))
      throw new Error('Cannot keep rules of the kernel: somebody else changes the table');
    return listing.text;
  }

  async #list(): Promise<TableListing | undefined> {
    const json = await this.#options.nft.list(this.#options.table);
    return json === undefined ? undefined : readListing(json);
  }

  /** With the switch off, packets would vanish, by what an earlier process left too: it is better that workers end the connections. */
  async #requireForwarding(routes: readonly KernelRoute[], listing: TableListing | undefined): Promise<void> {
    const addresses = routes.flatMap(({ endpoints }) => endpoints.map(({ address }) => address));
    const ipv6 = addresses.some((address) => address.includes(':'));
    const off = await forwardingSwitchesOff({ ipv4: addresses.some((address) => !address.includes(':')), ipv6 });
    if (off.length === 0) return;
    const { table, nft } = this.#options;
    if (this.#applied === undefined && listing !== undefined) await nft.apply(removal(table));
    throw new Error(`Cannot forward in the kernel: ${off.join(' and ')} is 0; set it to 1 on this machine`);
  }

  async #forgetStale(before: readonly KernelRoute[], now: readonly KernelRoute[]): Promise<void> {
    const { conntrack, log } = this.#options;
    try {
      for (let looks = mayHaveStale(before, now) ? maxLooks : 0; looks > 0; looks--) {
        const finder = new StaleFinder(before, now);
        await conntrack.each((entry) => finder.visit(entry));
        for (const stale of finder.found) await conntrack.forget(stale);
        if (!finder.isFull) return;
      }
    } catch (error) {
      log.warn({ err: error }, 'connections that the routes no longer have stay until they are silent');
    }
  }

  /** Connections of routes; undefined: the kernel does not show them. */
  async #openById(routes: readonly KernelRoute[]): Promise<ReadonlyMap<string, number> | undefined> {
    const counts = new Map<string, number>();
    if (routes.length === 0) return counts;
    const byPlace = new RoutesByPlace(routes);
    const isShown = await this.#options.conntrack.each(({ protocol, client, dialled, answering, isOpen }) => {
      if (!isOpen || (answering.address === dialled.address && answering.port === dialled.port)) return;
      const route = byPlace.find(protocol, dialled, client);
      if (route !== undefined) counts.set(route.id, (counts.get(route.id) ?? 0) + 1);
    });
    return isShown ? counts : undefined;
  }
}

function countsOf({ id }: KernelRoute, listing: TableListing | undefined): Readonly<Record<KernelCounter, CounterValue>> {
  const counts = kernelCounters.map((counter) => [counter, listing?.counters.get(ownName(counter, id)) ?? nothingCounted]);
  return Object.fromEntries(counts) as Record<KernelCounter, CounterValue>;
}
