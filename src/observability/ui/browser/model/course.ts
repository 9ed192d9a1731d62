import type { Sample } from '../dom/sparkline.ts';

/** How far back a course goes. */
const courseMs = 180_000;

/** Values of the last minutes by name, for drawings. */
export class Course {
  readonly #samples = new Map<string, Sample[]>();

  note(name: string, value: number, atMs: number): void {
    const kept = (this.#samples.get(name) ?? []).filter((sample) => sample.atMs >= atMs - courseMs);
    this.#samples.set(name, [...kept, { atMs, value }]);
  }

  of(name: string): readonly Sample[] {
    return this.#samples.get(name) ?? [];
  }
}
