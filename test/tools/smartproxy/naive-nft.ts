import assert from 'node:assert/strict';
import type { Ruleset } from '../../../src/smartproxy/nftables/nft-json.ts';
import type { ListedObject } from '../../../src/smartproxy/nftables/transaction.ts';

type Properties = Readonly<Record<string, unknown>> & { readonly name: string };

interface NaiveObject {
  readonly kind: string;
  readonly properties: Properties;
  elements: unknown[];
}

/** Text of everything in a table, for comparison: object names, elements and rules in order. */
interface Content {
  readonly objects: readonly string[];
  readonly elements: readonly string[];
  readonly rules: readonly string[];
}

const maps: ReadonlySet<string> = new Set(['map', 'set']);

/** What nft does with the commands that we send, slowly, and strict about what the kernel refuses. One table. */
export class NaiveNft {
  #exists = false;
  #objects = new Map<string, NaiveObject>();
  #rules: { readonly chain: string; readonly expr: unknown }[] = [];

  run(commands: object): void {
    for (const command of (commands as { readonly nftables: readonly Record<string, Record<string, Record<string, unknown>>>[] })
      .nftables) {
      for (const [verb, target] of Object.entries(command)) {
        for (const [kind, properties] of Object.entries(target)) this.#do(verb, kind, properties);
      }
    }
  }

  listing(): readonly ListedObject[] | undefined {
    if (!this.#exists) return undefined;
    return [...this.#objects.values()].map(({ kind, properties }) => ({ kind, name: properties.name, properties }));
  }

  content(): Content {
    return contentOf(
      [...this.#objects.values()].map(({ kind, properties }) => `${kind} ${properties.name}`),
      [...this.#objects.values()].flatMap(({ properties, elements }) => elements.map((element) => [properties.name, element] as const)),
      this.#rules,
    );
  }

  static contentOf({ objects, elements, rules }: Ruleset): Content {
    return contentOf(
      objects.map(({ kind, name }) => `${kind} ${name}`),
      elements.flatMap(({ of, elements: all }) => all.map((element) => [of, element] as const)),
      rules.map(({ chain, statements }) => ({ chain, expr: statements })),
    );
  }

  #do(verb: string, kind: string, properties: Record<string, unknown>): void {
    if (verb === 'metainfo') return;
    if (kind === 'table') {
      if (verb === 'add') this.#exists = true;
      else assert.ok(this.#exists, `${verb} of a table that is not there`);
      if (verb === 'delete') [this.#exists, this.#objects, this.#rules] = [false, new Map(), []];
      if (verb === 'flush') this.#rules = [];
      return;
    }
    assert.ok(this.#exists, `${verb} ${kind} without a table`);
    if (kind === 'rule') this.#addRule(String(properties.chain), properties.expr);
    else if (kind === 'element') this.#addElements(String(properties.name), properties.elem as unknown[]);
    else this.#change(verb, kind, properties as Properties);
  }

  #change(verb: string, kind: string, properties: Properties): void {
    const key = `${kind} ${properties.name}`;
    const known = this.#objects.get(key);
    if (verb === 'add') {
      assert.equal(known, undefined, `${key} is there already`);
      this.#objects.set(key, { kind, properties, elements: [] });
      return;
    }
    assert.ok(known !== undefined, `${verb} ${key}, which is not there`);
    if (verb === 'flush') known.elements = [];
    else {
      assert.ok(!this.#isReferred(properties.name), `${key} is in use`);
      this.#objects.delete(key);
    }
  }

  #addRule(chain: string, expr: unknown): void {
    assert.ok(this.#objects.has(`chain ${chain}`), `no chain ${chain}`);
    for (const name of namesIn(expr)) assert.ok(this.#has(name), `no ${name}`);
    this.#rules.push({ chain, expr });
  }

  #addElements(name: string, elements: readonly unknown[]): void {
    const of = [...this.#objects.values()].find(({ kind, properties }) => maps.has(kind) && properties.name === name);
    assert.ok(of !== undefined, `no set ${name}`);
    for (const target of namesIn(elements)) assert.ok(this.#has(target), `no ${target}`);
    of.elements.push(...elements);
  }

  #has(name: string): boolean {
    return [...this.#objects.values()].some(({ properties }) => properties.name === name);
  }

  #isReferred(name: string): boolean {
    const all = [...this.#rules.map(({ expr }) => expr), ...[...this.#objects.values()].map(({ elements }) => elements)];
    return namesIn(all).includes(name) || this.#rules.some(({ chain }) => chain === name);
  }
}

function contentOf(
  objects: readonly string[],
  elements: readonly (readonly [string, unknown])[],
  rules: readonly { readonly chain: string; readonly expr: unknown }[],
): Content {
  return {
    objects: objects.toSorted(),
    elements: elements.map(([of, element]) => `${of} ${JSON.stringify(element)}`).toSorted(),
    rules: rules.map(({ chain, expr }) => `${chain} ${JSON.stringify(expr)}`),
  };
}

/** Names of chains, sets, counters and limits that statements or elements refer to. */
function namesIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.startsWith('@') ? [value.slice(1)] : [];
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    ['target', 'counter', 'limit'].includes(key) && typeof inner === 'string' ? [inner] : namesIn(inner),
  );
}
