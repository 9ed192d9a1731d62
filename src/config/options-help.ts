import { isSwitch } from './arguments.ts';
import type { Config } from './config.ts';
import { defaultOf, fieldsOf } from './option-fields.ts';
import { optionGroups } from './option-spec.ts';
import { options } from './options.ts';

/** The options of the table as `--help` shows them, by group, for a terminal of 100 columns. */
export function renderOptionsHelp(): string {
  const groups = optionGroups.map((group) => `${group}:\n${fieldsOf(group).map(helpEntry).join('\n')}`);
  return groups.join('\n\n');
}

function helpEntry(field: keyof Config): string {
  const { flag, value, doc } = options[field];
  const head = isSwitch(field) ? `--[no-]${flag}` : `--${flag} ${value.placeholder}`;
  const lines = wrap(`${doc} Default: ${defaultOf(field)}.`, 90);
  return [`  ${head}`, ...lines.map((line) => `        ${line}`)].join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}
