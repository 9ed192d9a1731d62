import { messageOf } from '../../src/errors.ts';
import { type Effort, type Measurement, measure, type Subject, type Unmeasured } from '../measure.ts';
import type { Mode, Peer, PeerProgram, PeerSetup } from '../peers/peer.ts';
import type { LoadFiles, TrafficCase } from './traffic-case.ts';

/** Peers of one mode, running together: a proxy that has nothing to do costs nothing. */
export interface RunningPeers extends AsyncDisposable {
  readonly peers: readonly Peer[];
  /** Those that did not start. */
  readonly missing: readonly Unmeasured[];
}

/** Starts all programs in `setup.mode`, one after the other; one that does not start is named and left out. */
export async function startPeers(programs: readonly PeerProgram[], setup: PeerSetup): Promise<RunningPeers> {
  const peers: Peer[] = [];
  const missing: Unmeasured[] = [];
  for (const program of programs) {
    try {
      peers.push(await program.start(setup));
    } catch (error) {
      missing.push({ peer: program.name, reason: messageOf(error), failed: false });
      console.error(`${program.name} is left out (${setup.mode}): ${messageOf(error)}`);
    }
  }
  return {
    peers,
    missing,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(peers.map((peer) => peer.stop()));
    },
  };
}

/** What a case gave. */
export interface CaseResult {
  readonly test: TrafficCase;
  readonly measurements: readonly Measurement[];
  readonly unmeasured: readonly Unmeasured[];
}

/** Measures one case on all peers that can do it. */
export async function runCase(test: TrafficCase, running: RunningPeers, files: LoadFiles, effort: Effort): Promise<CaseResult> {
  const subjects: Subject[] = [];
  const unable: Unmeasured[] = [];
  for (const peer of running.peers) {
    const load = test.loadFor(peer, files);
    if (typeof load === 'string') unable.push({ peer: peer.name, reason: load, failed: false });
    else subjects.push({ peer: peer.name, pid: peer.pid, load });
  }
  const { measurements, failures } = await measure(subjects, effort);
  return { test, measurements, unmeasured: [...running.missing, ...unable, ...failures] };
}

/** The modes of `cases`, each once, with its cases. */
export function byMode(cases: readonly TrafficCase[]): ReadonlyMap<Mode, readonly TrafficCase[]> {
  return Map.groupBy(cases, ({ mode }) => mode);
}
