import type { ManifestSource } from '../sources/manifests/manifest-source.ts';
import type { OpenedSource } from './open-source.ts';

/** Most files that one answer of a running program is looked up in: each is read, and parsed, again. */
export const maxFilesOfAnswer = 100;

/** Where objects are written; a cluster knows of no file. */
export function filesOf(opened: OpenedSource): Pick<ManifestSource, 'locationOf' | 'textOf'> {
  if (opened.kind !== 'manifests') return noFiles;
  const { source } = opened;
  return { locationOf: source.locationOf.bind(source), textOf: source.textOf.bind(source) };
}

const noFiles: Pick<ManifestSource, 'locationOf' | 'textOf'> = { locationOf: () => undefined, textOf: async () => undefined };
