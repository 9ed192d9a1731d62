import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { closedIndex, connectionSides, terminationReasons } from '../../src/observability/counters/termination-reason.ts';
import type { WorkerSnapshot } from '../../src/observability/counters/worker-counters.ts';
import { eventually } from './eventually.ts';
import type { Program } from './program.ts';

/** At this moment accepted = active + Σ closed, and no record had to be swept up. */
export function assertBooks(program: Program): WorkerSnapshot {
  const snapshot = program.dataPlane.snapshot();
  const closed = snapshot.connectionsClosed.reduce((sum, count) => sum + count, 0);
  assert.equal(snapshot.connectionsAccepted, snapshot.connectionsActive + closed);
  assert.equal(snapshot.upgrades, snapshot.upgradesActive + snapshot.upgradesClosed.reduce((sum, count) => sum + count, 0));
  assert.equal(snapshot.zombies, 0);
  return snapshot;
}

/** How many connections ended in which way, as `side/reason`; those that are not 0. */
export function endings(program: Program): Readonly<Record<string, number>> {
  const { connectionsClosed } = program.dataPlane.snapshot();
  const found: Record<string, number> = {};
  for (const side of connectionSides) {
    for (const reason of terminationReasons) {
      const count = connectionsClosed[closedIndex(side, reason)] ?? 0;
      if (count > 0) found[`${side}/${reason}`] = count;
    }
  }
  return found;
}

/** What a program that carries nothing holds on to. */
export interface RestingState {
  readonly descriptors: number;
  readonly deadlines: number;
}

/** Descriptors of this process and armed deadlines, as they are now. */
export function stateOf(program: Program): RestingState {
  return { descriptors: readdirSync('/proc/self/fd').length, deadlines: program.dataPlane.deadlines };
}

/** Waits until no connection of either side is left, every book balances, and descriptors and deadlines are back at `before`. */
export async function untilAtRest(program: Program, before: RestingState): Promise<void> {
  await eventually('nothing is left', () => {
    const now = assertBooks(program);
    const left = {
      active: now.connectionsActive,
      clients: now.connectedClients,
      portProxy: now.portProxyConnections,
      tls: now.tlsTerminatedConnections,
      upstream: now.upstreamIdle + now.upstreamActive + now.upstreamConnecting,
      views: program.dataPlane.connections(1).length,
    };
    assert.deepEqual(left, { active: 0, clients: 0, portProxy: 0, tls: 0, upstream: 0, views: 0 });
    const { descriptors, deadlines } = stateOf(program);
    assert.ok(descriptors <= before.descriptors, `${descriptors} descriptors are open, ${before.descriptors} were`);
    assert.equal(deadlines, before.deadlines, 'deadlines');
    return true;
  });
}
