import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Log } from '../log.ts';
import { readSnapshotKey } from '../snapshot/snapshot-key.ts';
import { TableSnapshot } from '../snapshot/table-snapshot.ts';

const tableFile = 'last-good.table';
const keyFile = 'last-good.key';

/** The last-good snapshot in the state folder, or undefined without `--snapshot`. Throws STATE_UNUSABLE or SNAPSHOT_INVALID. */
export async function openSnapshot(config: Config, log: Log): Promise<TableSnapshot | undefined> {
  if (!config.snapshot) return undefined;
  const { stateDir, snapshotKeyFile } = config;
  const key = await readSnapshotKey(snapshotKeyFile ?? join(stateDir, keyFile), snapshotKeyFile === undefined);
  return new TableSnapshot({ file: join(stateDir, tableFile), key, onError: (err) => log.error({ err }, 'snapshot not written') });
}
