import type { Claimant, HostClaim } from './host-claim.ts';
import type { HostRules } from './host-rules.ts';
import { describe, messageFor, quote } from './problem-list.ts';
import type { ResolvedObject } from './resolved-object.ts';
import type { ObjectRef, Problem } from './translation.ts';

/**
 * The objects without the hosts that are not theirs, oldest first as they come; what is refused is told.
 * @param rules undefined: every host is for everybody
 * @param config the SmartProxyConfig that the rules are from
 */
export function permitHosts(
  objects: readonly ResolvedObject[],
  rules: HostRules | undefined,
  config: ObjectRef | undefined,
): readonly ResolvedObject[] {
  if (rules === undefined || config === undefined) return objects;
  /** Of hosts that nobody claimed: who named them first. */
  const owners = new Map<string, Claimant>();
  return objects.map((object) => {
    const problems: Problem[] = [];
    const claims = object.claims.filter(({ from, host }) => {
      const why = refusalOf(from, host, rules, owners, config);
      if (why !== undefined) problems.push(refused(from, host, why));
      return why === undefined;
    });
    return problems.length === 0 ? object : { ...object, claims, problems: [...object.problems, ...problems] };
  });
}

/** Why a host is not an object's, as the end of a sentence; undefined: it is. */
function refusalOf(
  from: HostClaim['from'],
  host: string,
  rules: HostRules,
  owners: Map<string, Claimant>,
  config: ObjectRef,
): string | undefined {
  const verdict = rules.judge(host, from.ref.namespace);
  if (verdict.kind === 'permitted') return undefined;
  if (verdict.kind === 'refused') {
    const whose = verdict.namespaces.length === 0 ? 'nobody' : verdict.namespaces.map(quote).join(', ');
    return `${describe(config)} claims ${quote(verdict.claim)} for ${whose}; use another host, or have it claimed for this namespace`;
  }
  if (!rules.isOldestsAlone) return undefined;
  const owner = owners.get(host);
  if (owner === undefined) owners.set(host, from);
  if (owner === undefined || owner.ref.namespace === from.ref.namespace) return undefined;
  return `${describe(owner.ref)} named it first, and by ${describe(config)} it is that namespace's; use another host`;
}

function refused({ ref }: Claimant, host: string, why: string): Problem {
  const field = ref.kind === 'Ingress' ? 'spec.rules' : 'spec.hosts';
  return { object: ref, reason: 'HostNotPermitted', field, message: messageFor(ref, field, `host ${quote(host)}: ${why}`) };
}
