import { printable } from '../printable.ts';
import { type Finding, type FindingLevel, findingLevels } from './finding.ts';

/** Findings for a terminal, one line each as compilers have it: `file:line: level: code: object field: message`. Pure. */
export function renderFindings(findings: readonly Finding[]): string {
  const lines = findings.map(({ file, line, level, code, object, field, message }) => {
    const place = line === undefined ? '' : `${file ?? 'standard input'}:${line}: `;
    // Messages of objects name them, and the field, themselves.
    const isNamed = object !== undefined && message.startsWith(object);
    const subject = isNamed ? '' : [object, field].filter((part) => part !== undefined && part !== '').join(' ');
    return printable(`${place}${level}: ${code}: ${subject === '' ? '' : `${subject}: `}${message}`.replaceAll('\n', ' '));
  });
  return [...lines, countText(findings)].join('\n');
}

/** `2 errors, 1 warning`. */
export function countText(findings: readonly Finding[]): string {
  const count = (level: FindingLevel) => findings.filter((finding) => finding.level === level).length;
  const parts = findingLevels.flatMap((level) => (count(level) === 0 ? [] : [`${count(level)} ${level}${count(level) === 1 ? '' : 's'}`]));
  return parts.length === 0 ? 'Nothing found.' : `${parts.join(', ')}.`;
}
