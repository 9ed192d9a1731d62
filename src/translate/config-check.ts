import { isNetwork } from '../address-list.ts';
import { smartProxyConfigSchema } from '../api/generated/smart-proxy-config-schema.ts';
import { checkSchema, type SchemaProblem } from '../api/schema-check.ts';
import { quote } from './problem-list.ts';
import { fieldsOf, itemsOf } from './unknown-input.ts';

/** Something in the `spec` of a SmartProxyConfig that can't be used. */
export interface ConfigFault extends SchemaProblem {
  readonly reason: 'InvalidObject' | 'InvalidAddress';
}

/** What is wrong with the `spec` of a SmartProxyConfig. */
export interface ConfigVerdict {
  readonly invalid: readonly ConfigFault[];
  /** Fields that an API server would drop. */
  readonly unknown: readonly SchemaProblem[];
}

/** Checks a `spec` as an API server would, and what only we can tell of who is served on a listener. */
export function checkConfig(spec: unknown): ConfigVerdict {
  const { invalid, unknown } = checkSchema(smartProxyConfigSchema, spec, 'spec');
  const refused = invalid.map((problem): ConfigFault => ({ ...problem, reason: 'InvalidObject' }));
  const known = new Set(refused.map(({ field }) => field));
  return { invalid: [...refused, ...wrongPeers(spec).filter(({ field }) => !known.has(field))], unknown };
}

/** Who must send a PROXY header is not known while one of them can't be read. */
function wrongPeers(spec: unknown): readonly ConfigFault[] {
  return itemsOf(fieldsOf(spec).listeners).flatMap((entry, index) =>
    itemsOf(fieldsOf(fieldsOf(entry).proxyProtocol).from).flatMap((peer, place): readonly ConfigFault[] => {
      if (typeof peer !== 'string' || isNetwork(peer)) return [];
      const field = `spec.listeners[${index}].proxyProtocol.from[${place}]`;
      return [{ field, sentence: `${quote(peer)} is no address or CIDR; correct it`, reason: 'InvalidAddress' }];
    }),
  );
}
