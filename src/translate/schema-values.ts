import { durationValue, type ValueType } from '../api/annotation-values.ts';

/** Milliseconds. */
export const duration = durationValue(0);

/** The schema has let through only what can be read. */
export function readAs<T>(type: ValueType<T>, text: string | undefined): T | undefined {
  const parsed = text === undefined ? undefined : type.parse(text);
  return parsed?.kind === 'value' ? parsed.value : undefined;
}
