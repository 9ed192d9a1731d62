import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.ts';
import type { Log } from '../log.ts';
import type { MetricSource } from '../observability/metric-source.ts';
import type { ClientAccess } from '../routes/policy.ts';
import type { L4Route, RouteSource } from '../routes/route.ts';
import type { RouteTable } from '../routes/route-table.ts';
import { connectionSettings } from '../smartproxy/connection-settings.ts';
import { Conntrack } from '../smartproxy/nftables/conntrack.ts';
import { KernelForwarder } from '../smartproxy/nftables/kernel-forwarder.ts';
import { kernelRouteId, kernelRoutes } from '../smartproxy/nftables/kernel-routes.ts';
import { localAddresses } from '../smartproxy/nftables/local-addresses.ts';
import { Nft } from '../smartproxy/nftables/nft.ts';
import type { RefusedRoute } from '../smartproxy/nftables/refused-needs.ts';
import { seriesLabels } from '../smartproxy/series-labels.ts';
import type { Troubles } from '../sources/troubles.ts';
import { describe, messageFor } from '../translate/problem-list.ts';

export interface KernelForwardingOptions {
  readonly config: Config;
  readonly log: Log;
  readonly troubles: Pick<Troubles, 'report' | 'clear'>;
  /** The last table that was published. */
  readonly table: () => RouteTable;
  /** Whether one was: until then the kernel goes on with what an earlier process left. */
  readonly hasTable: () => boolean;
  /** The kernel began, or ceased, to forward as it should. */
  readonly onChange: () => void;
}

const troublePart = 'kernel forwarding';

/** What statuses and troubles say where the kernel is not to forward. */
const switchedOff = 'This controller does not let the kernel forward (--nftables).';

/** The kernel as the program sees it: which routes it forwards, whether it does, and what it counts. */
export class KernelForwarding {
  readonly #options: KernelForwardingOptions;
  readonly #forwarder: KernelForwarder | undefined;
  #problem: string | undefined;
  /** Why single objects are not forwarded, by what they are called. */
  #refused: ReadonlyMap<string, string> = new Map();

  constructor(options: KernelForwardingOptions) {
    const { config, log, table, hasTable } = options;
    const { stateDir, zone } = config;
    this.#options = options;
    if (!config.nftables) return;
    this.#forwarder = new KernelForwarder({
      table: `smartproxy-${config.ingressClass}`,
      nft: new Nft(stateDir),
      conntrack: new Conntrack(),
      routes: () =>
        hasTable() ? kernelRoutes(table(), { localAddresses: localAddresses(), zone, clients: clientsOf(config, table()) }) : undefined,
      log,
      report: ({ problem, refused }) => this.#tell(problem, this.#named(refused)),
    });
  }

  /** Why routes with engine NFTables of an object are not forwarded; undefined: they are. */
  problemOf(object: RouteSource): string | undefined {
    return this.#forwarder === undefined ? switchedOff : (this.#problem ?? this.#refused.get(describe(object)));
  }

  /** Another table was published. */
  update(): void {
    this.#forwarder?.update();
  }

  /** Resolves when the kernel was asked for what the last table says. */
  async settled(): Promise<void> {
    await this.#forwarder?.settled();
  }

  /** What the kernel counted, for the metrics; undefined: it forwards nothing for us. */
  async facts(): Promise<MetricSource['kernel']> {
    if (this.#forwarder === undefined) return undefined;
    const { routes, ...rest } = await this.#forwarder.facts();
    const known = this.#routesById();
    return {
      ...rest,
      routes: routes.flatMap(({ id, ...counts }) => {
        const route = known.get(id);
        return route === undefined ? [] : [{ source: route.source, listener: route.listener, service: serviceOf(route), ...counts }];
      }),
    };
  }

  async close(): Promise<void> {
    await this.#forwarder?.close();
  }

  #routesById(): ReadonlyMap<string, L4Route> {
    return new Map([...this.#options.table().l4.values()].map((route) => [kernelRouteId(route), route]));
  }

  #tell(problem: string | undefined, refused: ReadonlyMap<string, string>): void {
    const { troubles, onChange } = this.#options;
    report(troubles, troublePart, problem);
    for (const object of new Set([...this.#refused.keys(), ...refused.keys()]))
      report(troubles, `${troublePart} of ${object}`, refused.get(object));
    if (problem === this.#problem && isDeepStrictEqual(refused, this.#refused)) return;
    this.#problem = problem;
    this.#refused = refused;
    onChange();
  }

  /** What the kernel refuses of routes, as said of their objects. */
  #named(refused: readonly RefusedRoute[]): ReadonlyMap<string, string> {
    const routes = this.#routesById();
    const messages = new Map<string, string>();
    for (const { id, fields } of refused) {
      const source = routes.get(id)?.source;
      if (source !== undefined)
        messages.set(describe(source), fields.map(({ field, sentence }) => messageFor(source, field, sentence)).join(' '));
    }
    return messages;
  }
}

function report(troubles: KernelForwardingOptions['troubles'], part: string, message: string | undefined): void {
  if (message === undefined) troubles.clear(part);
  else troubles.report(part, { reason: 'kernel-refused', message });
}

/** As the series of routes name a Service. */
function serviceOf({ source, backends }: L4Route): string {
  const names = new Set(backends.flatMap(({ service }) => (service === undefined ? [] : [seriesLabels(source, service).service])));
  return names.size === 1 ? ([...names][0] ?? '') : '';
}

/** Who may connect at all, by address. */
function clientsOf(config: Config, table: RouteTable): ClientAccess {
  const { allowCidrs, denyCidrs } = connectionSettings(config, table).security;
  return { allow: allowCidrs, deny: denyCidrs };
}
