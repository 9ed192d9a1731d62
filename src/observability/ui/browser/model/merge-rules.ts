import type { ReportedRule } from '../../../../ask/reports/route-report.ts';

/** Rules that do the same for several hosts, as one. */
export interface MergedRule extends ReportedRule {
  /** Empty: of a listener. */
  readonly hosts: readonly string[];
}

/** Puts together what differs by its host alone, in the order of the first of each. */
export function mergeRules(rules: readonly ReportedRule[]): readonly MergedRule[] {
  const merged = new Map<string, { readonly rule: ReportedRule; readonly hosts: string[] }>();
  for (const rule of rules) {
    const { host, match, action, tls, listeners, backends } = rule;
    const same = JSON.stringify([match, action, tls, listeners, backends]);
    const known = merged.get(same) ?? { rule, hosts: [] };
    if (host !== undefined) known.hosts.push(host);
    merged.set(same, known);
  }
  return [...merged.values()].map(({ rule, hosts }) => ({ ...rule, hosts }));
}
