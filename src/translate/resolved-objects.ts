import type { CertificateReader } from './certificate-reader.ts';
import type { Claimant } from './host-claim.ts';
import type { ResolvedObject, TimeSpan } from './resolved-object.ts';
import { sameItems } from './same-items.ts';
import { type References, sameReferences, stillHolds } from './tracked-reads.ts';
import type { TranslateDefaults } from './translate-options.ts';

/** What resolving needs besides the object. */
export interface ResolveContext {
  readonly references: References;
  readonly certificates: CertificateReader;
  readonly options: TranslateDefaults;
  readonly nowMs: number;
}

/** Resolves objects, each again only when it, something that it refers to, or a certificate's validity changed. */
export class ResolvedObjects<R extends Claimant> {
  readonly #options: TranslateDefaults;
  readonly #certificates: CertificateReader;
  readonly #resolveOne: (reading: R, context: ResolveContext) => ResolvedObject;
  readonly #byReading = new WeakMap<R, ResolvedObject>();
  #readings: readonly R[] | undefined;
  #references: References | undefined;
  #result: readonly ResolvedObject[] = [];
  #holds: TimeSpan = { fromMs: Number.POSITIVE_INFINITY, untilMs: Number.NEGATIVE_INFINITY };

  constructor(
    options: TranslateDefaults,
    certificates: CertificateReader,
    resolveOne: (reading: R, context: ResolveContext) => ResolvedObject,
  ) {
    this.#options = options;
    this.#certificates = certificates;
    this.#resolveOne = resolveOne;
  }

  /** When the last answer may have to be another, though nothing changes; milliseconds since 1970. */
  get holdsUntilMs(): number {
    return this.#holds.untilMs;
  }

  /** In the order of `readings`; the same reference when nothing changed. */
  resolve(readings: readonly R[], references: References, nowMs: number): readonly ResolvedObject[] {
    const unchanged = sameReferences(references, this.#references);
    if (unchanged && readings === this.#readings && isIn(this.#holds, nowMs)) return this.#result;
    const context = { references, certificates: this.#certificates, options: this.#options, nowMs };
    let fromMs = Number.NEGATIVE_INFINITY;
    let untilMs = Number.POSITIVE_INFINITY;
    const result = readings.map((reading) => {
      const before = this.#byReading.get(reading);
      const holds = before !== undefined && isIn(before.holds, nowMs) && (unchanged || stillHolds(before.reads, references));
      const resolved = holds ? before : this.#resolveOne(reading, context);
      if (!holds) this.#byReading.set(reading, resolved);
      fromMs = Math.max(fromMs, resolved.holds.fromMs);
      untilMs = Math.min(untilMs, resolved.holds.untilMs);
      return resolved;
    });
    this.#readings = readings;
    this.#references = references;
    this.#holds = { fromMs, untilMs };
    if (!sameItems(this.#result, result)) this.#result = result;
    return this.#result;
  }
}

/** Whether a time is in the span. */
export function isIn(span: TimeSpan, timeMs: number): boolean {
  return timeMs >= span.fromMs && timeMs < span.untilMs;
}
