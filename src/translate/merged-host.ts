import type { Certificate, Host, Policy } from '../routes/route-table.ts';
import type { IngressReading } from './ingress-reading.ts';
import type { ServiceBinding } from './service-binding.ts';
import type { Problem } from './translation.ts';

/** One host of the table with all that its entry needs in the other parts. */
export interface MergedHost {
  readonly host: Host;
  readonly policies: readonly Policy[];
  readonly certificates: readonly Certificate[];
  readonly uses: readonly ServiceUse[];
  /** Ingresses with something in the host. */
  readonly served: readonly IngressReading[];
  /** What lost against another Ingress. */
  readonly problems: readonly Problem[];
}

/** A Service in use, with the place in the Ingress that asks for it. */
export interface ServiceUse {
  readonly binding: ServiceBinding;
  /** undefined: the controller's own default backend. */
  readonly ingress: IngressReading | undefined;
  readonly field: string;
}
