import type { Config } from '../config/config.ts';
import { messageOf } from '../errors.ts';
import { LocalCa } from '../local-ca/local-ca.ts';
import type { Log } from '../log.ts';

/**
 * The local CA: with manifests the one of the state folder, which people may have told their clients to trust, else one that lasts
 * as long as the process. A state folder that can't be used is told in the log and costs no more than that trust.
 */
export async function openLocalCa(config: Config, log: Log): Promise<LocalCa> {
  if (config.manifests === undefined) return LocalCa.inMemory();
  try {
    return await LocalCa.open(config.stateDir);
  } catch (error) {
    log.warn({ reason: messageOf(error) }, 'local CA not kept: it lasts as long as this process');
    return LocalCa.inMemory();
  }
}
