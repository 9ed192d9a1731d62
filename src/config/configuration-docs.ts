import type { Config } from './config.ts';
import { environmentName } from './environment.ts';
import { defaultOf, fieldsOf } from './option-fields.ts';
import { optionGroups } from './option-spec.ts';
import { options } from './options.ts';

/** docs/configuration.md, made from the option table. */
export function renderConfigurationDocs(): string {
  const head = [
    '# Configuration',
    '',
    'Made from `src/config/options.ts` by `npm run generate`; do not edit.',
    '',
    'Every option is a flag of `smartproxy-ingress run` or an environment variable; the flag wins. Lists are separated by commas, or the',
    'flag is given once for each value. Durations are written `100ms`, `5s`, `2m`, `1h`; sizes `512`, `16k`, `1m`; `off` means none or no',
    'limit. A switch is turned off with `--no-` before its name, or with `=false`. An unknown flag or a bad value ends the program with exit',
    'status 2; an unknown `SMARTPROXY_` variable is a warning in the log.',
  ];
  const chapters = optionGroups.flatMap((group) => [
    '',
    `## ${group}`,
    '',
    '| Flag | Environment | Default | Allowed | Meaning |',
    '|---|---|---|---|---|',
    ...fieldsOf(group).map(docsRow),
  ]);
  return `${[...head, ...chapters].join('\n')}\n`;
}

function docsRow(field: keyof Config): string {
  const { flag, value, doc } = options[field];
  const cells = [`\`--${flag}\``, `\`${environmentName(field)}\``, defaultOf(field), value.allowed, doc];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
