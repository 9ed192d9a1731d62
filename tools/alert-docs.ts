import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** One alert of the rule file. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** How long it must hold; undefined: not at all. */
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}

export const alertFile = 'deploy/prometheus/alerts.yaml';

/** The alerts as they are shipped, in the order of the file. */
export function readAlerts(): readonly AlertRule[] {
  const { groups } = parse(readFileSync(alertFile, 'utf8')) as { readonly groups: readonly { readonly rules: readonly AlertRule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** docs/alerts.md, from the rule file. */
export function renderAlertDocs(): string {
  return [
    '# Alerts',
    '',
    `Generated from \`${alertFile}\` by \`npm run generate\`. Severity: critical wants somebody now, warning today, info when there is time.`,
    '[observability.md](observability.md#alerts) says how to load them; who begins at what a user sees begins at [troubleshooting.md](troubleshooting.md).',
    '',
    '| Alert | Severity | For | Meaning | Runbook |',
    '| --- | --- | --- | --- | --- |',
    ...readAlerts().map(renderRow),
    '',
  ].join('\n');
}

function renderRow({ alert, for: time = 'at once', labels, annotations }: AlertRule): string {
  const runbook = annotations.runbook_url.replace(/^docs\//, '');
  const name = runbook.replace(/^.*\/|\.md$/g, '');
  return `| \`${alert}\` | ${labels.severity} | ${time} | ${annotations.summary} | [${name}](${runbook}) |`;
}
