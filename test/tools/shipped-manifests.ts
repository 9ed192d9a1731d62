import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { ControlPlane } from './control-plane.ts';
import type { AnyObject } from './objects.ts';

const deploy = join(import.meta.dirname, '../../deploy');

/** The folders of the kustomizations that are shipped: the base and its overlays. */
export const kustomizations = {
  base: join(deploy, 'manifests'),
  adminToken: join(deploy, 'overlays/admin-token'),
  daemonSet: join(deploy, 'overlays/daemonset-host-network'),
  nftables: join(deploy, 'overlays/nftables'),
  development: join(deploy, 'overlays/development'),
  namedSecrets: join(deploy, 'overlays/named-secrets'),
  singleNamespace: join(deploy, 'overlays/single-namespace'),
} as const;

/** Every object in a text of YAML documents; empty documents are left out. */
export function objectsIn(yaml: string): readonly AnyObject[] {
  return parseAllDocuments(yaml)
    .map((document) => {
      if (document.errors.length > 0) throw new Error(`Cannot read manifests: ${document.errors[0]}`);
      return document.toJS() as AnyObject | null;
    })
    .filter((object) => object !== null);
}

/** The objects of deploy/manifests/install.yaml. */
export function installObjects(): readonly AnyObject[] {
  return objectsIn(readFileSync(join(deploy, 'manifests/install.yaml'), 'utf8'));
}

/** The objects that the chart makes of the values in `test/chart/golden/CASE.in.yaml`, as its own tests have them: but for the CustomResourceDefinitions, whole. */
export function chartObjects(goldenCase: string): readonly AnyObject[] {
  return objectsIn(readFileSync(join(deploy, `../test/chart/golden/${goldenCase}.out.yaml`), 'utf8'));
}

/** The objects that a kustomization makes. */
export async function kustomizedObjects(plane: ControlPlane, kustomization: keyof typeof kustomizations): Promise<readonly AnyObject[]> {
  return objectsIn(await plane.kubectl('kustomize', kustomizations[kustomization]));
}

/** Roles, ClusterRoles and their bindings. */
export function isRbac({ kind }: AnyObject): boolean {
  return /^(Cluster)?Role(Binding)?$/.test(kind);
}

/** `kubectl VERB -f FILE` with the objects, as the administrator; its standard output. */
export function kubectlWith(
  plane: ControlPlane,
  verb: 'apply' | 'delete',
  objects: readonly AnyObject[],
  ...flags: readonly string[]
): Promise<string> {
  const file = join(plane.folder, 'objects.json');
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  return plane.kubectl(verb, ...flags, '-f', file);
}
