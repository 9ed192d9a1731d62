import { type LocatedProblem, locateProblems, locationOfObject } from '../ask/reports/locate-problems.ts';
import type { ManifestSource } from '../sources/manifests/manifest-source.ts';
import type { Translation } from '../translate/translation.ts';
import { maxProblems, renderProblems } from './problem-overview.ts';
import { type OutOfRotation, renderRoutes } from './route-overview.ts';

export interface OverviewPrinterOptions {
  readonly source: ManifestSource;
  /** The last translation; undefined: there is none yet. */
  readonly translation: () => Translation | undefined;
  readonly outEndpoints: () => Promise<readonly OutOfRotation[]>;
  readonly print: (text: string) => void;
}

/** Changes that come together are printed once. */
const gatherMs = 100;
/** How often endpoints that fell out of rotation, or came back, are looked for. */
const lookMs = 2000;

/** Prints the routes and the problems of a manifest folder, again whenever the text would be another one. */
export class OverviewPrinter {
  readonly #options: OverviewPrinterOptions;
  readonly #unsubscribe: () => void;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #printed = '';

  constructor(options: OverviewPrinterOptions) {
    this.#options = options;
    this.#unsubscribe = options.source.store.subscribe(() => this.changed());
  }

  /** Something may look different now. */
  changed(): void {
    this.#arm(gatherMs);
  }

  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    clearTimeout(this.#timer);
  }

  #arm(delayMs: number): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => void this.#look(), delayMs).unref();
  }

  async #look(): Promise<void> {
    const { source, translation, outEndpoints, print } = this.#options;
    const current = translation();
    const ejected = current === undefined ? [] : await outEndpoints();
    if (this.#closed) return;
    const routes = current === undefined ? '' : renderRoutes(current.routeTable, ejected);
    const problems = (current?.problems ?? []).map((problem) => {
      return { ...problem, location: locationOfObject(problem.object, source.locationOf.bind(source)) };
    });
    const textWith = (placed: readonly LocatedProblem[]): string => {
      const parts = [routes, renderProblems(source.store.problems(), placed), renderSkipped(source.skippedKinds())];
      return parts.filter((part) => part !== '').join('\n\n');
    };
    const text = textWith(problems);
    // Lines of fields are looked for when something is printed alone: it reads files again.
    if (text !== '' && text !== this.#printed) {
      const placed = await placeShown(problems, source);
      if (this.#closed) return;
      print(`\n${textWith(placed)}`);
    }
    this.#printed = text;
    this.#arm(lookMs);
  }
}

async function placeShown(problems: readonly LocatedProblem[], source: ManifestSource): Promise<readonly LocatedProblem[]> {
  const shown = await locateProblems(problems.slice(0, maxProblems), source.textOf.bind(source));
  return [...shown, ...problems.slice(maxProblems)];
}

function renderSkipped(skipped: ReadonlyMap<string, number>): string {
  if (skipped.size === 0) return '';
  const kinds = [...skipped].sort().map(([kind, count]) => `${count} ${kind}`);
  return `Not read: ${kinds.slice(0, 10).join(', ')}${kinds.length > 10 ? ', ...' : ''}`;
}
