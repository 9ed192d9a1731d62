import type { OutEndpoint } from '../balancing/balancers.ts';

/** Why an endpoint gets nothing new though its service lists it as ready. */
export interface EndpointCondition {
  readonly kind: 'out' | 'drained';
  /** `out of rotation: health_check (status 500)` */
  readonly says: string;
}

/** What is known of endpoints beside the table: which are out of rotation, and which are drained by hand. */
export class EndpointConditions {
  readonly #out: ReadonlyMap<string, OutEndpoint>;
  readonly #drained: ReadonlySet<string>;

  /** @param drained `address:port` of each */
  constructor({ out, drained }: { readonly out: readonly OutEndpoint[]; readonly drained: readonly string[] }) {
    this.#out = new Map(out.map((entry) => [`${entry.service} ${entry.endpoint}`, entry]));
    this.#drained = new Set(drained);
  }

  /** @param address `address:port`; undefined: nothing keeps it from getting more */
  of(service: string, address: string): EndpointCondition | undefined {
    if (this.#drained.has(address)) return { kind: 'drained', says: 'drained by hand' };
    const found = this.#out.get(`${service} ${address}`);
    return found && { kind: 'out', says: textOf(found) };
  }
}

function textOf({ reason, detail, forMs }: OutEndpoint): string {
  const time = forMs === undefined ? '' : `, for ${Math.ceil(forMs / 1000)} s`;
  return `out of rotation: ${reason}${detail === undefined ? '' : ` (${detail})`}${time}`;
}
