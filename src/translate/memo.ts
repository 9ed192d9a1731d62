/** A function that is not run again while its arguments are the same by identity. Remembers one call. */
export class Memo<A extends readonly unknown[], R> {
  readonly #compute: (...args: A) => R;
  #last: { readonly args: A; readonly result: R } | undefined;

  constructor(compute: (...args: A) => R) {
    this.#compute = compute;
  }

  get(...args: A): R {
    const last = this.#last;
    if (last !== undefined && args.every((arg, index) => Object.is(arg, last.args[index]))) return last.result;
    const result = this.#compute(...args);
    this.#last = { args, result };
    return result;
  }
}
