import type { HeaderEdits } from '../routes/policy.ts';

/** The edits without those of some fields. */
export function withoutEditsOf({ remove, set, add }: HeaderEdits, names: ReadonlySet<string>): HeaderEdits {
  const others = (flat: readonly string[]): readonly string[] => flat.filter((_, index) => !names.has(flat[index - (index % 2)] as string));
  return { remove: remove.filter((name) => !names.has(name)), set: others(set), add: others(add) };
}

/** Changes header lists as a route says. */
export class HeaderEditor {
  /** What goes out of the list: removed, or set anew. */
  readonly #dropped: ReadonlySet<string>;
  readonly #added: readonly string[];

  constructor({ remove, set, add }: HeaderEdits) {
    this.#dropped = new Set([...remove, ...set.filter((_, index) => index % 2 === 0)]);
    this.#added = [...set, ...add];
  }

  /** @param headers flat, names in lower case; left as it is */
  edit(headers: readonly string[]): readonly string[] {
    const edited: string[] = [];
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i] as string;
      if (!this.#dropped.has(name)) edited.push(name, headers[i + 1] as string);
    }
    for (const text of this.#added) edited.push(text);
    return edited;
  }
}
