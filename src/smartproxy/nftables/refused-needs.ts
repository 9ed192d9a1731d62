import { buildRuleset } from './build-ruleset.ts';
import { type KernelNeed, needsOf, plainRoute, probeOf, type RefusedField, refusedFields } from './kernel-needs.ts';
import type { KernelRoute } from './kernel-route.ts';
import type { Nft } from './nft.ts';
import { transaction } from './transaction.ts';

/** A route that is left out, so that the others are forwarded. */
export interface RefusedRoute {
  /** See `KernelRoute`. */
  readonly id: string;
  /** One or more. */
  readonly fields: readonly RefusedField[];
}

/** Routes by whether the kernel can do what they need. */
export interface SplitRoutes {
  readonly possible: readonly KernelRoute[];
  readonly refused: readonly RefusedRoute[];
}

/**
 * What this kernel can't do of what routes need. Rules are one transaction, which one unknown expression spoils for all: when that happened, the kernel is
 * asked about each need by itself, without anything being changed.
 */
export class RefusedNeeds {
  readonly #nft: Pick<Nft, 'takes'>;
  readonly #table: string;
  #refused: ReadonlySet<KernelNeed> = new Set();

  /** @param table whose name is used for asking; it is neither read nor written */
  constructor(nft: Pick<Nft, 'takes'>, table: string) {
    this.#nft = nft;
    this.#table = `${table}-probe`;
  }

  /** Asks again about what was refused: modules can be loaded at any time. */
  async lookAgain(): Promise<void> {
    if (this.#refused.size > 0) this.#refused = await this.#refusedOf(this.#refused);
  }

  /**
   * Asks about all that these routes need, after a transaction was refused. False: that was for none of these reasons. Throws KERNEL_REFUSED
   * where the kernel can't be asked, as `lookAgain` does.
   */
  async explain(routes: readonly KernelRoute[]): Promise<boolean> {
    // What even the plainest route is refused for is no need of some.
    if (!(await this.#takes(plainRoute))) return false;
    const known = this.#refused;
    this.#refused = await this.#refusedOf(new Set([...known, ...routes.flatMap(needsOf)]));
    return [...this.#refused].some((need) => !known.has(need));
  }

  split(routes: readonly KernelRoute[]): SplitRoutes {
    if (this.#refused.size === 0) return { possible: routes, refused: [] };
    const possible: KernelRoute[] = [];
    const refused: RefusedRoute[] = [];
    for (const route of routes) {
      const fields = refusedFields(route, this.#refused);
      if (fields.length === 0) possible.push(route);
      else refused.push({ id: route.id, fields });
    }
    return { possible, refused };
  }

  async #refusedOf(needs: ReadonlySet<KernelNeed>): Promise<ReadonlySet<KernelNeed>> {
    const refused = new Set<KernelNeed>();
    for (const need of needs) if (!(await this.#takes(probeOf(need)))) refused.add(need);
    return refused;
  }

  async #takes(route: KernelRoute): Promise<boolean> {
    return await this.#nft.takes(transaction(this.#table, undefined, buildRuleset([route])));
  }
}
