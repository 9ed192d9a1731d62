import { inspect } from 'node:util';

/**
 * A secret text (PEM of a private key, a token) that prints as `[redacted]` wherever it is logged, inspected or turned into JSON.
 * `reveal()` is the only way to its value; the worker protocol is the only place that sends it anywhere.
 */
export class Redacted {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  equals(other: Redacted): boolean {
    return this.#value === other.#value;
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [inspect.custom](): string {
    return '[redacted]';
  }
}
