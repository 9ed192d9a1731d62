import type { Listener } from '../routes/route-table.ts';
import { CertificateDates } from './certificate-dates.ts';
import { messageFor, ProblemList } from './problem-list.ts';
import { type ForeignReference, missingGrant } from './reference-grants.ts';
import type { ResolveContext } from './resolved-objects.ts';
import type { RouteSettings } from './route-settings.ts';
import type { SmartRouteL4 } from './smart-route-l4.ts';
import type { NamedListener } from './smart-route-listeners.ts';
import type { ReadSmartRouteRule, SmartRouteReading } from './smart-route-reading.ts';
import type { CertificateContext } from './tls-certificates.ts';
import { TrackedReads } from './tracked-reads.ts';
import type { TranslateDefaults } from './translate-options.ts';
import type { ProblemReason } from './translation.ts';

/** Whose settings and problems are meant: a rule's, or the object's as a whole. */
export interface SmartRouteScope {
  readonly rule: ReadSmartRouteRule | undefined;
  readonly settings: RouteSettings;
  /** Connections or datagrams by listener. */
  readonly l4?: SmartRouteL4 | undefined;
}

/** What all parts of a SmartRoute are resolved with: the object itself, what it may look up, and the list of what is wrong with it. */
export class SmartRouteLookup {
  readonly reading: SmartRouteReading;
  readonly options: TranslateDefaults;
  readonly reads: TrackedReads;
  readonly problems: ProblemList;
  readonly dates: CertificateDates;
  readonly certificateContext: CertificateContext;

  constructor(reading: SmartRouteReading, { references, nowMs, certificates, options }: ResolveContext) {
    this.reading = reading;
    this.options = options;
    this.reads = new TrackedReads(references);
    this.problems = new ProblemList(reading.ref);
    this.dates = new CertificateDates(nowMs);
    this.certificateContext = { certificates, reads: this.reads, problems: this.problems, dates: this.dates };
  }

  /** The namespace that a reference is to: its own, or that of the object. */
  namespaceOf({ namespace }: { readonly namespace?: string }): string {
    return namespace ?? this.reading.ref.namespace;
  }

  /** Whether the object may refer to another; what is not permitted is reported. */
  isPermitted(
    toKind: 'Service' | 'Secret',
    toNamespace: string,
    toName: string,
    field: string,
    rule: ReadSmartRouteRule | undefined,
  ): boolean {
    const fromNamespace = this.reading.ref.namespace;
    const reference: ForeignReference = { fromKind: 'SmartRoute', fromNamespace, toKind, toNamespace, toName };
    if (toNamespace === fromNamespace || this.reads.permits(reference)) return true;
    this.report(rule, 'RefNotPermitted', field, missingGrant(reference));
    return false;
  }

  /** The listeners that it is served on. @param named those that it names; undefined: none, so all of `protocols` */
  listenersOf(named: readonly NamedListener[] | undefined, protocols: readonly Listener['protocol'][]): readonly Listener[] {
    return named?.map(({ listener }) => listener) ?? this.reads.listenersFor(this.reading.ref.namespace, protocols);
  }

  /** Adds a problem of the object, or of one of its rules. @param sentence what is wrong, and what to do */
  report(rule: ReadSmartRouteRule | undefined, reason: ProblemReason, field: string, sentence: string): void {
    this.problems.add(reason, field, messageFor(this.reading.ref, field, sentence), rule?.name);
  }
}
