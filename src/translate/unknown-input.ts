/**
 * Readers for objects as users wrote them: whatever the declared type says, a field may hold anything that JSON can. Each reader answers
 * with the type it promises or with nothing, so that no processor throws on garbage.
 */

/** Fields of an unknown object. */
export type Fields = Readonly<Record<string, unknown>>;

const noFields: Fields = Object.freeze({});
const noItems: readonly unknown[] = Object.freeze([]);

/** The value's fields; none when it is no object. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : noFields;
}

/** Whether a value has fields: an object that is no list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a field says anything: null is as good as nothing, as on the API server. */
export function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The value's items; none when it is no list. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : noItems;
}

/** A text that is not empty, or undefined. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A port number, 1-65535, or undefined. */
export function portOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535 ? value : undefined;
}

/** What a text holds in JSON; undefined: it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
