import { smartProxyConfigSchema } from '../api/generated/smart-proxy-config-schema.ts';
import { checkSchema } from '../api/schema-check.ts';
import { fieldsOf, isFields } from './unknown-input.ts';

/** An entry of `listeners` that says who is served there, and can't be used. */
export interface ClosedListener {
  /** `spec.listeners[2]`. */
  readonly field: string;
  /** undefined: it may be any of the options. */
  readonly name: string | undefined;
}

/** Without these a listener is for everybody, and its clients are who they seem to be. */
const guards = ['namespaces', 'proxyProtocol'] as const;
const nameSchema = smartProxyConfigSchema.properties?.listeners?.items?.properties?.name;

/**
 * The entries whose listener must not be that of the options in their place.
 * @param spec as it is
 * @param isBroken whether a part of it can't be used: `listeners.2`
 */
export function closedListeners(spec: unknown, isBroken: (part: string) => boolean): readonly ClosedListener[] {
  const { listeners } = fieldsOf(spec);
  const field = 'spec.listeners';
  if (listeners === undefined || listeners === null) return [];
  if (!Array.isArray(listeners)) return [{ field, name: undefined }];
  return listeners.flatMap((entry: unknown, index): readonly ClosedListener[] => {
    if (entry === null || !isBroken(`listeners.${index}`)) return [];
    // What is no object may be meant for one that holds them.
    if (isFields(entry) && guards.every((guard) => entry[guard] === undefined)) return [];
    return [{ field: `${field}[${index}]`, name: nameOf(entry) }];
  });
}

function nameOf(entry: unknown): string | undefined {
  const { name } = fieldsOf(entry);
  const isName = typeof name === 'string' && nameSchema !== undefined && checkSchema(nameSchema, name, '').invalid.length === 0;
  return isName ? name : undefined;
}
