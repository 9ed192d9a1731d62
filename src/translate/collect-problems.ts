import type { MergedHost, ServiceUse } from './merged-host.ts';
import { describe, ProblemList } from './problem-list.ts';
import type { ResolvedIngress } from './resolved-ingress.ts';
import type { Problem } from './translation.ts';

/** All problems by object (namespace, name, kind), bounded for each; within one object in the order in which they were found. */
export function collectProblems(
  classProblems: readonly Problem[],
  ingresses: readonly ResolvedIngress[],
  hosts: readonly MergedHost[],
  ...others: readonly (readonly Problem[])[]
): readonly Problem[] {
  const alone = ingresses.map(({ reading }) => reading.problems);
  const resolved = ingresses.map(({ problems }) => problems);
  const beside = hosts.map(({ problems }) => problems);
  return groupByObject([classProblems, ...alone, ...resolved, ...beside, ...others]);
}

function groupByObject(groups: readonly (readonly Problem[])[]): readonly Problem[] {
  const byObject = new Map<string, ProblemList>();
  for (const group of groups) {
    for (const problem of group) {
      const { namespace, name, kind } = problem.object;
      const key = `${namespace}/${name} ${kind}`;
      let list = byObject.get(key);
      if (list === undefined) byObject.set(key, (list = new ProblemList(problem.object)));
      list.addAll([problem]);
    }
  }
  return [...byObject.keys()].sort().flatMap((key) => byObject.get(key)?.list() ?? []);
}

/** One problem for each Ingress and Service of it that has nobody to answer. @param empty keys of such services */
export function missingEndpoints(merged: readonly MergedHost[], empty: ReadonlySet<string>): readonly Problem[] {
  if (empty.size === 0) return [];
  const problems: Problem[] = [];
  const reported = new Set<string>();
  for (const { uses } of merged) {
    for (const use of uses) {
      const { service } = use.binding;
      const pair = `${use.ingress?.key ?? ''} ${service.key}`;
      if (!empty.has(service.key) || reported.has(pair)) continue;
      reported.add(pair);
      problems.push(noEndpointsProblem(use));
    }
  }
  return problems;
}

function noEndpointsProblem({ binding, ingress, field }: ServiceUse): Problem {
  const { namespace, name, port } = binding.service;
  const object = ingress?.ref ?? { apiVersion: 'v1', kind: 'Service', namespace, name, uid: '' };
  const message = `${describe(object)}, ${field}: Service ${namespace}/${name} has no ready endpoint for port ${port}, so requests get 503; check its selector and that its pods are ready.`;
  return { object, reason: 'NoEndpoints', field, message };
}
