import { findingText } from '../lint/render-findings.ts';
import { tableText } from '../table-text.ts';
import { countOf } from '../units.ts';
import { objectKey } from './request-totals.ts';
import type { ReportedRoute, ReportedRule, RouteReport, RuleBackend } from './route-report.ts';

const heading = ['OBJECT', 'HOST', 'MATCH', 'TLS', 'ACTION', 'READY', 'REQUESTS', '5XX'];

const next = 'Why an object has none: smartproxy-ingress problems; why a request finds none: smartproxy-ingress explain URL';

/** Routes for people: a line for each rule, what was counted beside the first of an object, then what is wrong. Pure. */
export function renderRouteReport({ total, routes, seriesRefused, nearest }: RouteReport): string {
  if (routes.length === 0) return `No routes. ${nearest === undefined ? next : `Did you mean ${nearest}?`}`;
  const lines = [tableText(heading, routes.flatMap(rowsOf))];
  if (total > routes.length) lines.push(`... and ${countOf(total - routes.length, 'object')} more`);
  const problems = routes.flatMap(problemLines);
  const left = routes.reduce((sum, { moreProblems }) => sum + moreProblems, 0);
  if (problems.length > 0) lines.push('', `Problems (${problems.length + left}):`, ...problems);
  if (left > 0) lines.push(`  ... and ${left} more: smartproxy-ingress problems`);
  if (seriesRefused > 0)
    lines.push('', 'Some routes are not counted apart, so that numbers may be too low: --max-route-series is too small.');
  return lines.join('\n');
}

function rowsOf({ object, rules, moreRules, totals }: ReportedRoute): string[][] {
  const counted = [String(totals.requests), String(totals.byStatusClass['5xx'] ?? 0)];
  const rows = rules.map((rule, index) => [index === 0 ? objectKey(object) : '', ...ruleCells(rule), ...(index === 0 ? counted : [])]);
  if (moreRules > 0) rows.push(['', `... and ${countOf(moreRules, 'rule')} more`]);
  return rows;
}

function ruleCells({ host, listeners, tls, match, action, backends }: ReportedRule): string[] {
  return [host ?? `(${listeners.join(', ')})`, match, tls, action, backends.map(readyText).join(', ') || '-'];
}

function readyText({ service, ready, total }: RuleBackend): string {
  return service === undefined ? 'missing' : `${ready}/${total}`;
}

function problemLines({ object, location, problems }: ReportedRoute): readonly string[] {
  const [place, name] = [location, objectKey(object)];
  return problems.map(
    ({ level, reason, field, message }) => `  ${findingText({ place, level, code: reason, object: name, field, message })}`,
  );
}
