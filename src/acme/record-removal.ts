import type { Log } from '../log.ts';
import type { AcmeState, LeftRecord, LeftRecords } from '../translate/acme-state.ts';
import type { AcmeClock } from './acme-clock.ts';
import { afterRemoval, recordsOf, withoutOrder } from './left-records.ts';

/** Takes records out of DNS; gives those that may still be there, each with why, a sentence without its end. Never rejects. */
export type RemoveRecords = (records: readonly LeftRecord[]) => Promise<ReadonlyMap<LeftRecord, string>>;

export interface RecordRemovalOptions {
  readonly remove: RemoveRecords;
  readonly clock: AcmeClock;
  readonly log: Log;
  /** 0 up to 1. */
  readonly random: () => number;
  /** Told of records of a certificate that stay in DNS, by the key of its Secret: one sentence; undefined: none do. */
  readonly report: (secret: string, message: string | undefined) => void;
}

/** Sees to it that records of orders go from DNS again: when an order is over, and later where that failed. */
export class RecordRemoval {
  readonly #options: RecordRemovalOptions;
  /** Keys of Secrets that something was told of. */
  readonly #told = new Set<string>();

  constructor(options: RecordRemovalOptions) {
    this.#options = options;
  }

  /** Takes away what the kept order wrote, and what was left before. Gives what to keep in the place of both. */
  async ended(secret: string, { order, left }: AcmeState): Promise<Pick<AcmeState, 'order' | 'left'>> {
    const before = withoutOrder(left?.records ?? [], order);
    return { order: undefined, left: await this.#remove(secret, [...before, ...recordsOf(order)]) };
  }

  /** Tries what was left before again; what the kept order needs goes with that. Gives what is left then. */
  retried(secret: string, { order, left }: AcmeState): Promise<LeftRecords | undefined> {
    return this.#remove(secret, withoutOrder(left?.records ?? [], order));
  }

  /** Takes back what was told: another process sees to it now. */
  tellNothing(): void {
    for (const secret of this.#told) this.#options.report(secret, undefined);
    this.#told.clear();
  }

  async #remove(secret: string, records: readonly LeftRecord[]): Promise<LeftRecords | undefined> {
    const { remove, clock, log, random } = this.#options;
    const failed: ReadonlyMap<LeftRecord, string> = records.length === 0 ? new Map() : await remove(records);
    const { left, givenUp } = afterRemoval([...failed.keys()], clock.now(), random());
    for (const record of givenUp)
      log.error(
        { secret, name: nameOf(record), value: record.value, tries: record.tries },
        'a record that proved a name stays in DNS: remove it yourself',
      );
    const [first] = left?.records ?? givenUp;
    const [why = ''] = failed.values();
    this.#tell(secret, first && sentenceOf(first, failed.size, why));
    return left;
  }

  #tell(secret: string, message: string | undefined): void {
    if (message === undefined && !this.#told.delete(secret)) return;
    if (message !== undefined) this.#told.add(secret);
    this.#options.report(secret, message);
  }
}

function nameOf({ name, place }: LeftRecord): string {
  return place?.name ?? `_acme-challenge.${name}`;
}

function sentenceOf(record: LeftRecord, count: number, why: string): string {
  const { value, issuer } = record;
  const what = `the TXT record "${value}" of ${nameOf(record)}${count > 1 ? ` and ${count - 1} more` : ''}`;
  return `Cannot remove ${what} from DNS: ${why}; look at dns of issuer ${issuer}, or remove it yourself`;
}
