import type { Service } from '../routes/service.ts';
import type { PartDelta, TableDelta } from '../routes/table-delta.ts';
import { type PackedDelta, packDelta } from './packed-delta.ts';

/** A table delta for any number of workers, made ready when the first of them needs it. */
export class OutgoingDelta {
  readonly #delta: TableDelta;
  #whole: PackedDelta | undefined;
  #withoutSecrets: PackedDelta | undefined;

  constructor(delta: TableDelta) {
    this.#delta = delta;
  }

  get whole(): PackedDelta {
    return (this.#whole ??= packDelta(this.#delta));
  }

  /** For a process that ends no TLS and knows no client: no private key is in it, and no other secret. */
  get withoutSecrets(): PackedDelta {
    return (this.#withoutSecrets ??= packDelta(withoutSecrets(this.#delta)));
  }
}

function withoutSecrets({ certificates: _, secrets: __, services, ...rest }: TableDelta): TableDelta {
  return services === undefined ? rest : { ...rest, services: withoutClientCertificates(services) };
}

/** Endpoints that ask for a client certificate are not asked how they are, either: it can't be shown. */
function withoutClientCertificates({ set, removed }: PartDelta<Service>): PartDelta<Service> {
  return {
    set: set.map((service) =>
      service.tls?.clientCertificate === undefined
        ? service
        : { ...service, healthCheck: undefined, tls: { ...service.tls, clientCertificate: undefined } },
    ),
    removed,
  };
}
