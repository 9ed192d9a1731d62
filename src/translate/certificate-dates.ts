import type { TimeSpan } from './resolved-object.ts';

/** Whether a certificate is in its time. */
type Validity = 'valid' | 'expired' | 'early';

/** Judges certificates by one time, and remembers for how long every judgement holds. */
export class CertificateDates {
  readonly #nowMs: number;
  #fromMs = Number.NEGATIVE_INFINITY;
  #untilMs = Number.POSITIVE_INFINITY;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  /** While the time is in this span, the same certificates are expired and not yet valid. */
  get holds(): TimeSpan {
    return { fromMs: this.#fromMs, untilMs: this.#untilMs };
  }

  judge(notBeforeMs: number, notAfterMs: number): Validity {
    for (const borderMs of [notBeforeMs, notAfterMs]) {
      if (borderMs <= this.#nowMs) this.#fromMs = Math.max(this.#fromMs, borderMs);
      else this.#untilMs = Math.min(this.#untilMs, borderMs);
    }
    if (notAfterMs <= this.#nowMs) return 'expired';
    return notBeforeMs > this.#nowMs ? 'early' : 'valid';
  }
}

/** A time for messages. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
