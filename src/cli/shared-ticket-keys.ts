import type { Config } from '../config/config.ts';
import type { Log } from '../log.ts';
import { TicketKeySecret } from '../sources/kubernetes/ticket-key-secret.ts';
import type { WorkerSupervisor } from '../workers/worker-supervisor.ts';
import type { OpenedSource } from './open-source.ts';

/** Keeps the ticket keys of the workers those of the Secret that the Config names; undefined: each replica has its own. */
export function startSharedTicketKeys(
  { ticketKeySecret, podNamespace }: Config,
  log: Log,
  opened: OpenedSource,
  supervisor: WorkerSupervisor,
): TicketKeySecret | undefined {
  if (ticketKeySecret === undefined || opened.kind !== 'cluster') return undefined;
  const shared = new TicketKeySecret({
    client: opened.source.client,
    namespace: podNamespace,
    name: ticketKeySecret,
    log,
    troubles: opened.troubles,
    isLeader: () => opened.status.isLeader,
    rotationMs: () => supervisor.ticketKeyRotationMs,
    onKeys: (keys) => supervisor.shareTicketKeys(keys),
  });
  shared.start();
  return shared;
}
