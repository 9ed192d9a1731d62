import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { readSnapshotKey } from '../snapshot/snapshot-key.ts';
import { TableSnapshot } from '../snapshot/table-snapshot.ts';
import type { Troubles } from '../sources/troubles.ts';

const tableFile = 'last-good.table';
const keyFile = 'last-good.key';
/** Name of this part in troubles. */
const part = 'snapshot';

/**
 * The last-good snapshot in the state folder, or undefined without `--snapshot`. A folder or key that can't be used is told and tried
 * again; serving needs neither.
 */
export function openSnapshot(config: Config, troubles: Troubles): TableSnapshot | undefined {
  if (!config.snapshot) return undefined;
  const { stateDir, snapshotKeyFile } = config;
  const advice = `the last good table is not kept: correct ${snapshotKeyFile === undefined ? '--state-dir' : '--snapshot-key-file or --state-dir'} or its permissions, or leave --snapshot out`;
  const snapshot = new TableSnapshot({
    file: join(stateDir, tableFile),
    readKey: () => readSnapshotKey(snapshotKeyFile ?? join(stateDir, keyFile), snapshotKeyFile === undefined),
    onError: ({ message }) => troubles.report(part, { reason: 'unusable', message: `${message}; ${advice}` }),
    onSuccess: () => troubles.clear(part),
  });
  void snapshot.probe();
  return snapshot;
}
