import { plainAddress } from '../../address-list.ts';
import type { L4Route } from '../../routes/route.ts';
import { clientRefusal } from '../../smartproxy/direct-routes.ts';
import { backendSteps, type Carrier, usable } from './backend-steps.ts';
import { placeOf } from './candidate-steps.ts';
import type { ExplainContext } from './explain-context.ts';
import type { Explanation, FilterStep } from './explanation.ts';
import { rateLimitText } from './filter-steps.ts';
import { problemsOf } from './problem-steps.ts';
import type { Question } from './question.ts';

/** The route of a connection that goes to a backend as a whole. */
export interface ConnectionWay extends Pick<L4Route, 'key' | 'backends' | 'policy' | 'source'> {
  readonly carrier: Carrier;
}

/** What becomes of a connection, or UDP session, that goes to a backend as a whole. */
export function explainConnection(begun: Explanation, way: ConnectionWay, { client }: Question, context: ExplainContext): Explanation {
  const { key, backends: weighted, source, carrier } = way;
  const backends = backendSteps(weighted, carrier, undefined, context);
  const place = placeOf(way, context);
  const { steps, refusal } = admission(way, client, context);
  const noun = carrier === 'udp' ? 'The datagrams' : 'The connection';
  const services = backends.map(({ service }) => service ?? 'a Service that does not exist').join(', ');
  const isEmpty = backends.every((backend) => usable(backend) === 0);
  const then = refusal ?? (isEmpty ? 'no_endpoints' : undefined);
  const ended = carrier === 'udp' ? 'are dropped' : `is ended as ${then}`;
  return {
    ...begun,
    matched: true,
    summary:
      then === undefined
        ? `${noun} ${carrier === 'udp' ? 'go' : 'goes'} as a whole to ${services}, by ${place.object}.`
        : `${noun} ${ended}, by ${place.object}${then === 'no_endpoints' ? `: no endpoint of ${services} can be used` : ''}.`,
    winner: { ...place, key, action: `forward ${carrier} to ${services}` },
    filters: steps,
    backends,
    problems: problemsOf([source], context),
  };
}

function admission(
  { policy: policyKey }: ConnectionWay,
  client: string | undefined,
  { table }: ExplainContext,
): { readonly steps: readonly FilterStep[]; readonly refusal: string | undefined } {
  const policy = table.policies.get(policyKey);
  const steps: FilterStep[] = [];
  let refusal: string | undefined;
  if (policy !== undefined && (policy.clients !== undefined || policy.maintenance !== undefined)) {
    const name = policy.clients === undefined ? 'maintenance' : 'clients';
    if (client === undefined) {
      steps.push({ name, verdict: 'depends', says: 'on the address of the client: say --client' });
    } else {
      refusal = clientRefusal(policy, plainAddress(client));
      steps.push({ name, verdict: refusal === undefined ? 'passes' : 'answers', says: refusal ?? '' });
    }
  }
  if (policy?.rateLimits !== undefined)
    steps.push({
      name: 'rate_limit',
      verdict: 'depends',
      says: `on how much is left of ${policy.rateLimits.map(rateLimitText).join(', ')}`,
    });
  return { steps, refusal };
}
