import type { MergedHost } from './merged-host.ts';
import type { MergedL4 } from './merged-l4.ts';
import { describe, ProblemList } from './problem-list.ts';
import type { ResolvedObject } from './resolved-object.ts';
import type { ServiceUse } from './service-use.ts';
import type { Problem } from './translation.ts';

/** All problems by object (namespace, name, kind), bounded for each; within one object in the order in which they were found. */
export function collectProblems(
  classProblems: readonly Problem[],
  objects: readonly ResolvedObject[],
  hosts: readonly MergedHost[],
  ...others: readonly (readonly Problem[])[]
): readonly Problem[] {
  const byObject = new ProblemsByObject();
  byObject.add(classProblems);
  for (const { reading } of objects) byObject.add(reading.problems);
  for (const { problems } of objects) byObject.add(problems);
  for (const { problems } of hosts) byObject.add(problems);
  for (const problems of others) byObject.add(problems);
  return byObject.list();
}

class ProblemsByObject {
  readonly #lists = new Map<string, ProblemList>();

  add(problems: readonly Problem[]): void {
    for (const problem of problems) {
      const { namespace, name, kind } = problem.object;
      const key = `${namespace}/${name} ${kind}`;
      let list = this.#lists.get(key);
      if (list === undefined) this.#lists.set(key, (list = new ProblemList(problem.object)));
      list.addAll([problem]);
    }
  }

  list(): readonly Problem[] {
    return [...this.#lists.keys()].sort().flatMap((key) => this.#lists.get(key)?.list() ?? []);
  }
}

/** One problem for each object and Service of it that has nobody to answer, for each thing that it is for. @param empty keys of such services */
export function missingEndpoints(merged: readonly MergedHost[], l4: MergedL4, empty: ReadonlySet<string>): readonly Problem[] {
  if (empty.size === 0) return [];
  const problems: Problem[] = [];
  const reported = new Set<string>();
  for (const { uses } of [...merged, l4]) {
    for (const use of uses) {
      const { service } = use.binding;
      const pair = `${use.from === undefined ? '' : `${use.from.ref.kind} ${use.from.key}`} ${service.key} ${use.gets ?? ''}`;
      if (!empty.has(service.key) || reported.has(pair)) continue;
      reported.add(pair);
      problems.push(noEndpointsProblem(use));
    }
  }
  return problems;
}

const without = {
  requests: 'requests get 503',
  connections: 'connections are closed',
  copies: 'no copies are made, and requests are served without',
  'error-pages': 'errors go on as they are',
} as const;

function noEndpointsProblem({ binding, from, field, rule, gets }: ServiceUse): Problem {
  const { namespace, name, port } = binding.service;
  const object = from?.ref ?? { apiVersion: 'v1', kind: 'Service', namespace, name, uid: '' };
  const message = `${describe(object)}, ${field}: Service ${namespace}/${name} has no ready endpoint for port ${port}, so ${without[gets ?? 'requests']}; check its selector and that its pods are ready.`;
  return { object, reason: 'NoEndpoints', field, message, ...(rule === undefined ? {} : { rule }) };
}
