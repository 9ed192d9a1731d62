import { SmartProxyError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Certificate, defaultCertificateKey, emptyRouteTable, type RouteTable, tableParts } from '../routes/route-table.ts';
import { validateTable } from '../routes/validate-table.ts';
import type { Snapshot, Source } from '../sources/object-store.ts';
import type { LastValidConfigs } from '../translate/chosen-config.ts';
import type { ObjectView } from '../translate/object-view.ts';
import type { Translation } from '../translate/translation.ts';
import { AddedCertificates } from './added-certificates.ts';
import { changedTable } from './changed-table.ts';
import { type ControllerClock, systemClock } from './controller-clock.ts';
import { ControllerCounters, type ControllerStats, timed } from './controller-stats.ts';
import { HoldOff } from './hold-off.ts';
import { type CertificateView, KeptCertificates } from './kept-certificates.ts';
import { KeptConfigs } from './kept-configs.ts';

/** Takes tables: the worker supervisor, or a data plane in this process. */
export interface TablePublisher {
  publish(table: RouteTable): void;
}

export interface ControllerOptions {
  readonly source: Pick<Source, 'store' | 'setReferencedSecrets'>;
  readonly translator: { translate(objects: ObjectView, nowMs: number, lastValid: LastValidConfigs): Translation };
  readonly publisher: TablePublisher;
  readonly log: Log;
  /** Told of every translation, also of one whose table is as before: statuses, Events. What it throws is logged. */
  readonly onTranslation?: (translation: Translation) => void;
  /** Makes certificates for TLS hosts without one, keys `<issuer>/<host>`, and perhaps `default`. @default none are made */
  readonly certificatesFor?: (hosts: readonly string[]) => Promise<readonly Certificate[]>;
  /** Changes this close to each other make one table. @default 100 */
  readonly holdOffMs?: number;
  /** No change waits longer. @default 1000 */
  readonly maxHoldOffMs?: number;
  /** How long a table waits for Secrets that it is the first to refer to: sources that read Secrets by name need a moment. @default 500 */
  readonly secretGraceMs?: number;
  readonly clock?: ControllerClock;
}

/** Made certificates are asked for again at least this often, so that they are renewed. */
const renewalCheckMs = 3_600_000;

/**
 * The level-triggered loop from objects to served tables. A change says only that something changed: each run reads the whole snapshot,
 * translates it, checks the table and publishes it when it differs. Nothing is published before the source has delivered everything
 * once, and a run that fails leaves the last good table serving.
 */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #clock: ControllerClock;
  readonly #holdOff: HoldOff;
  readonly #counters = new ControllerCounters();
  readonly #added = new AddedCertificates();
  readonly #kept = new KeptCertificates();
  readonly #keptConfigs = new KeptConfigs();
  #unsubscribe: (() => void) | undefined;
  #cancelWakeUp: (() => void) | undefined;
  #translation: Translation | undefined;
  #routeTable = emptyRouteTable;
  /** A run waits for certificates; a change meanwhile is remembered and runs after it. */
  #running = false;
  #changedWhileRunning = false;
  #closed = false;
  #graceEndsMs: number | undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { holdOffMs = 100, maxHoldOffMs = 1000 } = options;
    this.#holdOff = new HoldOff({ clock: this.#clock, holdOffMs, maxHoldOffMs, run: () => void this.#run() });
  }

  /** The last table that was published. */
  get routeTable(): RouteTable {
    return this.#routeTable;
  }

  /** The last translation; undefined: there was none yet. */
  get translation(): Translation | undefined {
    return this.#translation;
  }

  get stats(): ControllerStats {
    return this.#counters.stats(this.#translation?.problems ?? []);
  }

  start(): void {
    if (this.#unsubscribe !== undefined || this.#closed) return;
    const { store } = this.#options.source;
    this.#unsubscribe = store.subscribe(() => this.#changed());
    this.#changed();
  }

  /** Publishes nothing from now on. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#cancelWakeUp?.();
    this.#holdOff.close();
  }

  #changed(): void {
    if (this.#closed || !this.#options.source.store.synced) return;
    if (this.#running) this.#changedWhileRunning = true;
    else this.#holdOff.changed();
  }

  /** Never rejects: what fails is logged, and the next change tries again. */
  async #run(): Promise<void> {
    this.#running = true;
    this.#changedWhileRunning = false;
    try {
      await this.#translateAndPublish();
    } catch (error) {
      this.#counters.failures++;
      this.#options.log.error({ err: error }, 'making the route table failed: the last good one goes on serving');
    } finally {
      this.#running = false;
    }
    if (this.#changedWhileRunning) this.#changed();
  }

  async #translateAndPublish(): Promise<void> {
    const { source, translator } = this.#options;
    const snapshot = source.store.snapshot();
    const known = this.#translation?.referencedSecrets;
    const lastValid = this.#keptConfigs.lastValid(snapshot.of('SmartProxyConfig'));
    const translation = timed(this.#counters.translate, () => translator.translate(snapshot, this.#clock.now(), lastValid));
    if (translation.referencedSecrets !== known) source.setReferencedSecrets(translation.referencedSecrets);
    if (this.#waitsForSecrets(translation, known, snapshot)) return;
    this.#translation = translation;
    const table = await this.#withCertificates(this.#kept.keep(translation, this.#routeTable, snapshot.of('Secret')));
    if (this.#closed) return;
    this.#publish(table);
    this.#tell(translation);
    this.#wakeUpFor(table, translation.holdsUntilMs);
  }

  /**
   * Whether a newly referenced Secret is still on its way: a table without it would serve the wrong certificate for a moment. The wait
   * ends after `secretGraceMs` whatever else becomes referenced meanwhile. The first translation never waits, for a source reads what
   * is referenced before it says that it is synced.
   */
  #waitsForSecrets(translation: Translation, known: readonly string[] | undefined, snapshot: Snapshot): boolean {
    const nowMs = this.#clock.now();
    const { secretGraceMs = 500 } = this.#options;
    const missing =
      known !== undefined && translation.referencedSecrets !== known && lacksNew(translation.referencedSecrets, known, snapshot);
    const endsMs = this.#graceEndsMs ?? nowMs + secretGraceMs;
    this.#graceEndsMs = missing && nowMs < endsMs ? endsMs : undefined;
    if (this.#graceEndsMs === undefined) return false;
    this.#wakeUpIn(endsMs - nowMs);
    return true;
  }

  async #withCertificates({ routeTable, hostsWithoutCertificate }: CertificateView): Promise<RouteTable> {
    const { certificatesFor, log } = this.#options;
    const hasHttps = [...routeTable.listeners.values()].some((listener) => listener.protocol === 'https');
    if (certificatesFor === undefined || !hasHttps) return routeTable;
    if (hostsWithoutCertificate.length === 0 && routeTable.certificates.has(defaultCertificateKey)) return routeTable;
    try {
      return this.#added.addTo(routeTable, hostsWithoutCertificate, await certificatesFor(hostsWithoutCertificate));
    } catch (error) {
      log.error({ err: error, hosts: hostsWithoutCertificate.length }, 'making certificates failed: these hosts have none');
      return routeTable;
    }
  }

  #publish(table: RouteTable): void {
    if (this.#counters.generation > 0 && isSameTable(this.#routeTable, table)) return;
    timed(this.#counters.publish, () => {
      const broken = validateTable(changedTable(this.#routeTable, table));
      if (broken.length > 0) throw new SmartProxyError('TABLE_INVALID', `Cannot publish the route table: ${broken.join('; ')}`);
      this.#options.publisher.publish(table);
    });
    this.#routeTable = table;
    this.#counters.generation++;
    this.#counters.publishedAtMs = this.#clock.now();
  }

  #tell(translation: Translation): void {
    try {
      this.#options.onTranslation?.(translation);
    } catch (error) {
      this.#options.log.error({ err: error }, 'telling of a translation failed');
    }
  }

  /** A certificate or list that expires changes problems without any event; made ones have to be renewed in time. */
  #wakeUpFor(table: RouteTable, holdsUntilMs: number): void {
    const nowMs = this.#clock.now();
    let nextMs = this.#options.certificatesFor === undefined ? Number.POSITIVE_INFINITY : nowMs + renewalCheckMs;
    if (holdsUntilMs > nowMs) nextMs = Math.min(nextMs, holdsUntilMs);
    for (const { notAfterMs } of table.certificates.values()) if (notAfterMs > nowMs) nextMs = Math.min(nextMs, notAfterMs);
    this.#cancelWakeUp?.();
    this.#cancelWakeUp = undefined;
    if (Number.isFinite(nextMs)) this.#wakeUpIn(nextMs - nowMs);
  }

  #wakeUpIn(ms: number): void {
    this.#cancelWakeUp?.();
    this.#cancelWakeUp = this.#clock.after(ms, () => {
      this.#cancelWakeUp = undefined;
      this.#changed();
    });
  }
}

/** Whether a Secret that was not referred to before is not there. */
function lacksNew(referenced: readonly string[], known: readonly string[], snapshot: Snapshot): boolean {
  const before = new Set(known);
  const present = snapshot.of('Secret');
  return referenced.some((key) => !before.has(key) && !present.has(key));
}

/** By reference: translation keeps what did not change. */
function isSameTable(a: RouteTable, b: RouteTable): boolean {
  return tableParts.every((part) => a[part] === b[part]);
}
