import type { KubeObject, ObjectKind } from '../api/objects.ts';
import type { Config } from '../config/config.ts';
import type { ManifestSource } from '../sources/manifests/manifest-source.ts';
import type { Snapshot, SourceProblem } from '../sources/object-store.ts';
import { translate } from '../translate/translate.ts';
import type { Translation } from '../translate/translation.ts';
import { foreignObjects } from './foreign-objects.ts';
import { listenersOf } from './listeners.ts';
import { translateOptionsOf } from './translate-options.ts';

/** A folder of manifests, read once and translated as the program would. */
export interface FolderReading {
  readonly translation: Translation;
  /** What is wrong with the files. */
  readonly sourceProblems: readonly SourceProblem[];
  readonly locationOf: (kind: string, key: string) => string | undefined;
  /** What one of its files says; undefined: it has gone since. */
  readonly textOf: (file: string) => Promise<string | undefined>;
  /** How many objects of each kind it holds. */
  readonly counts: ReadonlyMap<ObjectKind, number>;
  /** `Ingress shop/web`: every object. */
  readonly objects: ReadonlySet<string>;
  readonly snapshot: Snapshot;
  /** What was taken for granted because the folder does not say it, a sentence each. */
  readonly assumptions: readonly string[];
  /** What is passed over in it, a sentence each. */
  readonly passedOver: readonly string[];
}

const kinds: readonly KubeObject['kind'][] = [
  'Ingress',
  'IngressClass',
  'Service',
  'EndpointSlice',
  'Secret',
  'ConfigMap',
  'SmartRoute',
  'SmartProxyConfig',
];

/**
 * Reads the folder of `config.manifests`, a file, or standard input ('-'), once. A folder without an IngressClass, which is the cluster's, is
 * read as if that of `--ingress-class` existed. Throws MANIFEST_INVALID when it can't be read.
 * @param nowMs what certificates are judged by
 */
export async function readFolder(config: Config, manifests: string, nowMs: number): Promise<FolderReading> {
  const source = await openManifests(manifests);
  try {
    await source.start();
    const snapshot = source.store.snapshot();
    const counts = new Map(kinds.map((kind) => [kind, snapshot.of(kind).size]));
    const names = new Set(kinds.flatMap((kind) => [...snapshot.of(kind).keys()].map((key) => `${kind} ${key}`)));
    const isWithoutClass = counts.get('IngressClass') === 0;
    const options = { ...translateOptionsOf({ ...config, manifests }, listenersOf(config)), namespaced: isWithoutClass, nowMs };
    const translation = translate(snapshot, options);
    const passedOver = foreignObjects(snapshot, options);
    const where = manifests === '-' ? 'standard input' : manifests;
    const assumptions = isWithoutClass ? [`There is no IngressClass in ${where}: ${config.ingressClass} is taken for ours.`] : [];
    const [locationOf, textOf] = [source.locationOf.bind(source), source.textOf.bind(source)];
    const sourceProblems = source.store.problems();
    return { translation, sourceProblems, locationOf, textOf, counts, objects: names, snapshot, assumptions, passedOver };
  } finally {
    await source.close();
  }
}

async function openManifests(manifests: string): Promise<ManifestSource> {
  if (manifests === '-') {
    const { ManifestInput } = await import('../sources/manifests/manifest-input.ts');
    return new ManifestInput(process.stdin, { keepsText: true });
  }
  const { ManifestFolder } = await import('../sources/manifests/manifest-folder.ts');
  return new ManifestFolder(manifests);
}
