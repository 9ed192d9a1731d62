import type { CertificateReader } from './certificate-reader.ts';
import type { IngressReading } from './ingress-reading.ts';
import type { TranslateDefaults } from './policies.ts';
import { resolveIngress } from './resolve-ingress.ts';
import type { ResolvedIngress, TimeSpan } from './resolved-ingress.ts';
import { sameItems } from './same-items.ts';
import { type References, stillHolds } from './tracked-reads.ts';

/** Resolves Ingresses, each again only when it, something that it refers to, or a certificate's validity changed. */
export class ResolvedIngresses {
  readonly certificates: CertificateReader;
  readonly #options: TranslateDefaults;
  readonly #byReading = new WeakMap<IngressReading, ResolvedIngress>();
  #readings: readonly IngressReading[] | undefined;
  #references: References | undefined;
  #result: readonly ResolvedIngress[] = [];
  #holds: TimeSpan = { fromMs: Number.POSITIVE_INFINITY, untilMs: Number.NEGATIVE_INFINITY };

  constructor(options: TranslateDefaults, certificates: CertificateReader) {
    this.#options = options;
    this.certificates = certificates;
  }

  /** In the order of `readings`; the same reference when nothing changed. */
  resolve(readings: readonly IngressReading[], references: References, nowMs: number): readonly ResolvedIngress[] {
    const sameReferences = references.services === this.#references?.services && references.secrets === this.#references.secrets;
    if (sameReferences && readings === this.#readings && isIn(this.#holds, nowMs)) return this.#result;
    const context = { references, certificates: this.certificates, options: this.#options, nowMs };
    let fromMs = Number.NEGATIVE_INFINITY;
    let untilMs = Number.POSITIVE_INFINITY;
    const result = readings.map((reading) => {
      const before = this.#byReading.get(reading);
      const holds = before !== undefined && isIn(before.holds, nowMs) && (sameReferences || stillHolds(before.reads, references));
      const resolved = holds ? before : resolveIngress(reading, context);
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

function isIn(span: TimeSpan, timeMs: number): boolean {
  return timeMs >= span.fromMs && timeMs < span.untilMs;
}
