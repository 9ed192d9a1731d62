import type { KubeObject } from '../../api/objects.ts';

/** An object with the line of its file that it begins on, from 1. */
export interface LocatedObject {
  readonly object: KubeObject;
  readonly line: number;
}

/** Something wrong at a line of a file, from 1. */
export interface LineProblem {
  readonly line: number;
  readonly message: string;
}
