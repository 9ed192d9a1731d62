import type { Schema } from '../../src/api/schema.ts';
import type { JsonSchema } from '../../src/config/value-types.ts';

/**
 * What a custom resource's schema says of a value, as JSON Schema. Rules in CEL stay with the API server. Fields that do not exist are refused, which
 * an API server drops.
 */
export function valuesOfSchema(schema: Schema): JsonSchema {
  const { type, items, properties, required, minItems, maxItems, minLength, maxLength, minimum, maximum, pattern } = schema;
  const words = schema.enum;
  const isSet = schema['x-kubernetes-list-type'] === 'set';
  const limits = { required, minItems, maxItems, minLength, maxLength, minimum, maximum, pattern, enum: words };
  return {
    type,
    ...Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined)),
    ...(isSet && { uniqueItems: true }),
    ...(items && { items: valuesOfSchema(items) }),
    ...(properties && { additionalProperties: false, properties: mapOf(properties) }),
  };
}

function mapOf(properties: Readonly<Record<string, Schema>>): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, valuesOfSchema(schema)]));
}
