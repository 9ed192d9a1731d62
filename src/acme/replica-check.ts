import type { AcmeChallenge } from '../translate/acme-state.ts';
import { type AcmeClock, sleepOn } from './acme-clock.ts';
import { askAnswer } from './ask-answer.ts';

/** Where a replica takes connections of a protocol. */
export interface Replica {
  readonly address: string;
  readonly port: number;
  /** Its listener may want a PROXY header. */
  readonly wantsHeader: boolean;
}

export interface ReplicaCheckOptions {
  /** The ready ones now, this one among them when it is one. */
  readonly replicas: (protocol: 'http' | 'https') => readonly Replica[];
  /** Whether the workers of this replica have the answer. */
  readonly isServedHere: (challenge: AcmeChallenge) => Promise<boolean>;
  readonly clock: AcmeClock;
}

const patienceMs = 30_000;
const pauseMs = 250;
/** A replica has several workers: connections of their own reach some of them. */
const asksInARow = 3;

/**
 * Asks every replica for an answer as the CA will, because the CA asks one of them, once. Answers of one order come to a replica
 * together, so that one stands for all.
 */
export class ReplicaCheck {
  readonly #options: ReplicaCheckOptions;

  constructor(options: ReplicaCheckOptions) {
    this.#options = options;
  }

  /** Resolves when all give the answer; else with who does not, as a sentence without its end. Those in DNS are not looked at. */
  async confirm(challenges: readonly AcmeChallenge[], signal: AbortSignal): Promise<string | undefined> {
    const challenge = challenges.findLast(({ type }) => type !== 'dns-01');
    if (challenge === undefined) return undefined;
    const { clock } = this.#options;
    const endsMs = clock.now() + patienceMs;
    for (;;) {
      const why = await this.#missing(challenge);
      if (why === undefined || clock.now() >= endsMs) return why;
      await sleepOn(clock, pauseMs, signal);
    }
  }

  async #missing(challenge: AcmeChallenge): Promise<string | undefined> {
    if (!(await this.#options.isServedHere(challenge))) return 'the workers of this replica do not have the answer of the challenge';
    const replicas = this.#options.replicas(challenge.type === 'tls-alpn-01' ? 'https' : 'http');
    const found = await Promise.all(replicas.map((replica) => whyNot(replica, challenge)));
    return found.find((why) => why !== undefined);
  }
}

async function whyNot({ address, port, wantsHeader }: Replica, challenge: AcmeChallenge): Promise<string | undefined> {
  for (let count = 0; count < asksInARow; count++) {
    let seen = await askAnswer({ address, port, withHeader: false }, challenge);
    if (seen.kind !== 'right' && wantsHeader) seen = await askAnswer({ address, port, withHeader: true }, challenge);
    if (seen.kind !== 'right') return `the replica at ${address}:${port} does not answer the challenge, ${seen.why}`;
  }
  return undefined;
}
