import type { ProblemReason } from '../../translate/translation.ts';

/** Problems that `lint` finds beside those of objects: a file, or an object in it, that is not read at all. */
export const invalidManifest = 'InvalidManifest';
export type FindingCode = ProblemReason | typeof invalidManifest;

/** From bad to good. `note`: what a cluster may have and the folder does not. */
export const findingLevels = ['error', 'warning', 'note'] as const;
export type FindingLevel = (typeof findingLevels)[number];

/** Something in a folder of manifests that will not be served as it is written. */
export interface Finding {
  readonly code: FindingCode;
  readonly level: FindingLevel;
  /** `Ingress shop/web`; undefined: no object is read there. */
  readonly object: string | undefined;
  /** `spec.rules[0].host`; '': the object as a whole. */
  readonly field: string;
  /** Path of the file, as the folder was given; undefined: standard input, or none has it. */
  readonly file: string | undefined;
  /** From 1; undefined with `file`. */
  readonly line: number | undefined;
  /** What is the matter and what to do. */
  readonly message: string;
}

/** Whether one of them is as bad as `level`, or worse. */
export function reaches(findings: readonly Finding[], level: FindingLevel): boolean {
  const limit = findingLevels.indexOf(level);
  return findings.some((finding) => findingLevels.indexOf(finding.level) <= limit);
}
