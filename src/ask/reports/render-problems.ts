import { reasonDoc } from '../../translate/problem-docs.ts';
import { describe } from '../../translate/problem-list.ts';
import { invalidManifest } from '../lint/finding.ts';
import { countText, findingText } from '../lint/render-findings.ts';
import { countOf } from '../units.ts';
import type { LocatedProblem } from './locate-problems.ts';
import type { ProblemReport } from './problem-report.ts';

/** Everything that is wrong for people, a line each, those of objects in the words of `lint`. Pure. */
export function renderProblemReport({ total, sources, objects, endpoints }: ProblemReport): string {
  const lines = [
    ...sources.map(({ where, reason: code = invalidManifest, message }) =>
      findingText({ place: where, level: 'error', code, object: undefined, field: '', message }),
    ),
    ...objects.map(problemText),
  ];
  const more = total.sources + total.objects - lines.length;
  if (more > 0) lines.push(`... and ${more} more: --limit, or --search`);
  lines.push(countText([...sources.map(() => ({ level: 'error' as const })), ...objects]));
  if (endpoints.length > 0) lines.push(`${countOf(total.endpoints, 'endpoint')} out of rotation: smartproxy-ingress backends`);
  return lines.join('\n');
}

/** One problem of an object, in the words of `lint`. Pure. */
export function problemText({ object, location, reason, field, message }: LocatedProblem): string {
  return findingText({ place: location, level: reasonDoc(reason).level, code: reason, object: describe(object), field, message });
}
