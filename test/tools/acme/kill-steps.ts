import type { Secret } from '../../../src/api/objects.ts';
import { type AcmeState, acmeStateType } from '../../../src/translate/acme-state.ts';
import { acmeStateOwner, readAcmeState } from '../../../src/translate/read-acme-state.ts';
import type { Gate, GateRequest } from '../gate.ts';
import { own, shop } from './acme-cluster.ts';
import type { AcmeReplica } from './acme-replica.ts';
import { secretOf } from './asking-objects.ts';

/** What passes when a leader dies: it never sees the answer, or was not even heard. */
interface Step {
  /** Between it and the CA, or the API server. */
  readonly at: 'ca' | 'api';
  readonly method: 'POST' | 'PUT';
  readonly path: RegExp;
  /** Of the answer; undefined: the request itself does not arrive. */
  readonly status: number | undefined;
  /** What a state says that is written then; undefined: it is not a state, or says whatever it says. */
  readonly state?: (state: AcmeState) => boolean;
}

const ownSecrets = `/api/v1/namespaces/${own}/secrets`;
const states = new RegExp(`^${ownSecrets}/smartproxy-acme-[0-9a-f]{24}$`);
const written = { at: 'api', method: 'PUT', path: states, status: 200 } as const;
const told = { at: 'ca', method: 'POST' } as const;

/** The steps of an order, in the order that they come in. */
export const killSteps = {
  'account made': { ...told, path: /^\/sign-me-up$/, status: 201 },
  'attempt begun': { ...written, method: 'POST', path: new RegExp(`^${ownSecrets}$`), status: 201, state: () => true },
  'probes stored': { ...written, state: ({ order }) => order !== undefined && order.url === undefined },
  'order made': { ...told, path: /^\/order-plz$/, status: 201 },
  'key stored': { ...written, state: ({ order }) => order?.url !== undefined && order.challenges.length === 0 },
  'answers stored': { ...written, state: ({ order }) => order?.url !== undefined && order.challenges.length > 0 },
  'answers confirmed': { ...told, path: /^\/chalZ\//, status: undefined },
  'challenge told': { ...told, path: /^\/chalZ\//, status: 200 },
  validated: { ...told, path: /^\/finalize-order\//, status: undefined },
  'finalize sent': { ...told, path: /^\/finalize-order\//, status: 200 },
  'certificate fetched': { ...told, path: /^\/certZ\//, status: 200 },
  'certificate stored': { ...written, method: 'POST', path: new RegExp(`^/api/v1/namespaces/${shop}/secrets$`), status: 201 },
  'answers removed': { ...written, status: undefined, state: ({ order }) => order === undefined },
} as const satisfies Readonly<Record<string, Step>>;

export type KillStep = keyof typeof killSteps;

/** An order that is held where it has come to a step. */
export interface Lane {
  readonly host: string;
  readonly step: KillStep;
  /** Between replicas and the CA of its issuer, which has no other orders. */
  readonly ca: Gate;
}

/** Kills the leader when every order has come to its step; what it did last it never hears of. Resolves then. */
export async function killedAt(leader: AcmeReplica, lanes: readonly Lane[]): Promise<void> {
  const killed = Promise.withResolvers<'hang-up'>();
  const arrivals = lanes.map(() => Promise.withResolvers<void>());
  const seen = new Set<Lane>();
  const rule = (isHere: (lane: Lane, step: Step) => boolean) => (passing: GateRequest & { readonly status?: number }) => {
    const index = lanes.findIndex((lane) => {
      const step: Step = killSteps[lane.step];
      const isIt = isHere(lane, step) && !seen.has(lane) && passing.query === '' && passing.status === step.status;
      return isIt && passing.method === step.method && step.path.test(passing.path) && isOf(lane, step, passing.body);
    });
    const lane = lanes[index];
    if (lane === undefined) return undefined;
    seen.add(lane);
    arrivals[index]?.resolve();
    return killed.promise;
  };
  const places: readonly (readonly [Gate, (lane: Lane, step: Step) => boolean])[] = [
    [leader.api, (_, { at }) => at === 'api'],
    ...lanes.map(({ ca }) => [ca, (lane: Lane, { at }: Step) => at === 'ca' && lane.ca === ca] as const),
  ];
  for (const [gate, isHere] of places) gate.onRequest = gate.onAnswer = rule(isHere);
  await Promise.all(arrivals.map(({ promise }) => promise));
  leader.kill();
  for (const [gate] of places) gate.onRequest = gate.onAnswer = () => undefined;
  killed.resolve('hang-up');
}

/** At the API server all orders pass the same gate: what is written says whose it is. */
function isOf({ host }: Lane, { at, state }: Step, body: string): boolean {
  if (at === 'ca') return true;
  const secret = JSON.parse(body) as Secret;
  if (state === undefined) return secret.metadata.name === secretOf(host);
  const isItsOwn = secret.type === acmeStateType && acmeStateOwner(secret) === `${shop}/${secretOf(host)}`;
  return isItsOwn && state(readAcmeState(secret));
}
