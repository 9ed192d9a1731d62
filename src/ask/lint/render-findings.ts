import { printable } from '../printable.ts';
import { type Finding, type FindingLevel, findingLevels } from './finding.ts';

/** What a line says of one finding. */
export interface FindingWords extends Pick<Finding, 'level' | 'object' | 'field' | 'message'> {
  /** `file:line`; undefined: it has none. */
  readonly place: string | undefined;
  readonly code: string;
}

/** Findings for a terminal, a line each, and how many there are. Pure. */
export function renderFindings(findings: readonly Finding[]): string {
  const lines = findings.map((finding) => {
    const { file = 'standard input', line } = finding;
    return findingText({ ...finding, place: line === undefined ? undefined : `${file}:${line}` });
  });
  return [...lines, countText(findings)].join('\n');
}

/** One line as compilers have it: `file:line: level: code: object field: message`. Pure. */
export function findingText({ place, level, code, object, field, message }: FindingWords): string {
  // Messages of objects name them, and the field, themselves.
  const isNamed = object !== undefined && message.startsWith(object);
  const subject = isNamed ? '' : [object, field].filter((part) => part !== undefined && part !== '').join(' ');
  const parts = [...(place === undefined ? [] : [place]), level, code, ...(subject === '' ? [] : [subject]), message];
  return printable(parts.join(': ').replaceAll('\n', ' '));
}

/** `2 errors, 1 warning`. */
export function countText(findings: readonly Pick<Finding, 'level'>[]): string {
  const count = (level: FindingLevel) => findings.filter((finding) => finding.level === level).length;
  const parts = findingLevels.flatMap((level) => (count(level) === 0 ? [] : [`${count(level)} ${level}${count(level) === 1 ? '' : 's'}`]));
  return parts.length === 0 ? 'Nothing found.' : `${parts.join(', ')}.`;
}
