import type { SmartProxyConfigSpec } from '../api/generated/smart-proxy-config.ts';
import type { SmartProxyConfig } from '../api/objects.ts';
import { validConfigSpec } from '../translate/usable-config.ts';

/**
 * Remembers of each SmartProxyConfig the last spec that was valid, for as long as the object is there and the process runs: a slip in an edit
 * must not take back who is let in. One that is deleted is meant to go.
 */
export class KeptConfigs {
  #seen: ReadonlyMap<string, SmartProxyConfig> = new Map();
  #specs: ReadonlyMap<string, SmartProxyConfigSpec> = new Map();

  /** The last valid specs by `namespace/name`; the answer keeps its reference while nothing in it changes. */
  lastValid(configs: ReadonlyMap<string, SmartProxyConfig>): ReadonlyMap<string, SmartProxyConfigSpec> {
    if (configs === this.#seen) return this.#specs;
    const specs = new Map<string, SmartProxyConfigSpec>();
    for (const [key, object] of configs) {
      const before = this.#specs.get(key);
      const spec = object === this.#seen.get(key) ? before : (validConfigSpec(object) ?? before);
      if (spec !== undefined) specs.set(key, spec);
    }
    this.#seen = configs;
    if (specs.size !== this.#specs.size || [...specs].some(([key, spec]) => this.#specs.get(key) !== spec)) this.#specs = specs;
    return this.#specs;
  }
}
