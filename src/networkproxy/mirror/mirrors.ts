import type { MirrorOutcome } from '../../observability/counters/mirror.ts';
import type { MirrorPolicy, Policy } from '../../routes/policy.ts';
import type { OutgoingRequest } from '../forwarded-fields.ts';
import type { ProxyContext } from '../proxy-context.ts';
import { MirrorRequest } from './mirror-request.ts';

/** Copies under way in one worker. */
const maxRequests = 256;
/** Bytes of their bodies. */
const maxBytes = 16 * 1024 * 1024;

/** What one worker has of copies under way: a mirror that is slow or gone costs a bounded part of it, and no request its time. */
export class MirrorRoom {
  #requests = 0;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#requests === 0 && this.#bytes === 0;
  }

  enter(): boolean {
    if (this.#requests === maxRequests) return false;
    this.#requests++;
    return true;
  }

  takeBytes(bytes: number): boolean {
    if (this.#bytes + bytes > maxBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  /** @param bytes all that the copy took */
  leave(bytes: number): void {
    this.#requests--;
    this.#bytes -= bytes;
  }
}

/** The mirror of one route. */
export class Mirror {
  readonly #mirror: MirrorPolicy;
  readonly #policy: Policy;
  /** In percent: how much of the next copy is due, so that shares are exact and not by chance. */
  #due = 0;

  private constructor(mirror: MirrorPolicy, policy: Policy) {
    this.#mirror = mirror;
    this.#policy = policy;
  }

  static of(policy: Policy): Mirror | undefined {
    return policy.mirror && new Mirror(policy.mirror, policy);
  }

  /** Begins a copy of a request that goes to its backend; undefined: this one gets none. Its body follows through `body` and `end`. */
  begin(outgoing: OutgoingRequest, context: ProxyContext): MirrorRequest | undefined {
    const { service, percent, maxBodyBytes } = this.#mirror;
    const { body, upgrade } = outgoing.head;
    if (upgrade !== undefined) return undefined;
    this.#due += percent;
    if (this.#due < 100) return undefined;
    this.#due -= 100;
    const skip = (outcome: MirrorOutcome): undefined => {
      context.counters.countMirror(outcome);
      return undefined;
    };
    if (body.kind === 'length' && body.bytes > maxBodyBytes) return skip('too_large');
    const balancer = context.balancers.get(service);
    if (balancer === undefined) return skip('failed');
    if (!context.mirrors.enter()) return skip('busy');
    return new MirrorRequest(context, balancer, outgoing, this.#policy, maxBodyBytes);
  }
}
