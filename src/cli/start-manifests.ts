import type { Config } from '../config/config.ts';
import type { Controller } from '../controller/controller.ts';
import type { LocalCa } from '../local-ca/local-ca.ts';
import type { Log } from '../log.ts';
import type { ManifestSource } from '../sources/manifests/manifest-source.ts';
import type { BoundAddress } from '../workers/bound-address.ts';
import type { WorkerSupervisor } from '../workers/worker-supervisor.ts';
import { EchoBackends } from './echo-backends.ts';
import { OverviewPrinter } from './overview-printer.ts';

export interface ManifestsOptions {
  readonly config: Config;
  readonly log: Log;
  readonly print: (text: string) => void;
  readonly controller: Controller;
  readonly supervisor: WorkerSupervisor;
  readonly source: ManifestSource;
  readonly localCa: LocalCa;
}

/** Starts the manifest source with what is there for people: addresses, the overview, echo backends. `parts` ends all but the source. */
export async function startManifests(options: ManifestsOptions, parts: AsyncDisposableStack): Promise<void> {
  const { config, log, print, controller, supervisor, source, localCa } = options;
  await source.start();
  if (config.echoBackends) {
    const echo = new EchoBackends(source.store, log);
    await echo.start();
    parts.defer(() => echo.close());
  }
  print(renderAddresses(supervisor.addresses, localCa.certificatePath));
  const overview = new OverviewPrinter({
    source,
    translation: () => controller.translation,
    outEndpoints: () => supervisor.questions.outEndpoints(),
    print,
  });
  parts.defer(() => overview.close());
  overview.changed();
}

function renderAddresses(addresses: readonly BoundAddress[], certificatePath: string | undefined): string {
  const urls = addresses.map(({ listener, address, port }) => `${listener}://${address.includes(':') ? `[${address}]` : address}:${port}`);
  const trust = certificatePath === undefined ? '' : `\nCertificates of the local CA are trusted with: curl --cacert ${certificatePath}`;
  return `Serving ${urls.join(' ')}${trust}`;
}
