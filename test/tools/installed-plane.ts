import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ControlPlane, serviceAccountUser } from './control-plane.ts';
import { type AnyObject, pathOf } from './objects.ts';
import type { SchemaRules } from './schema-rules.ts';
import { installObjects, isRbac, kubectlWith } from './shipped-manifests.ts';

/** The namespace that the shipped manifests are for, and the name of what is in it. */
export const own = 'smartproxy-ingress';
/** The shipped service account. */
export const account = serviceAccountUser(own, own);

const crds = join(import.meta.dirname, '../../crds');

/** Files of the CRDs, by their plural. */
const files = {
  smartroutes: join(crds, 'smartproxy.dev_smartroutes.yaml'),
  smartproxyconfigs: join(crds, 'smartproxy.dev_smartproxyconfigs.yaml'),
} as const;
type Plural = keyof typeof files;

/** A control plane with what the program needs as it is shipped (class, namespace, account, RBAC), the CRDs excepted. */
export async function startInstalledPlane(): Promise<ControlPlane> {
  const plane = await ControlPlane.start([account]);
  const kinds = ['Namespace', 'ServiceAccount', 'IngressClass'];
  await kubectlWith(
    plane,
    'apply',
    installObjects().filter((object) => isRbac(object) || kinds.includes(object.kind)),
  );
  return plane;
}

export async function installCrds(plane: ControlPlane, ...plurals: readonly Plural[]): Promise<void> {
  for (const plural of plurals) await plane.kubectl('apply', '-f', files[plural]);
  for (const plural of plurals) await plane.crdsEstablished(`crd/${plural}.smartproxy.dev`);
}

export async function removeCrd(plane: ControlPlane, plural: Plural): Promise<void> {
  await plane.kubectl('delete', '-f', files[plural]);
}

/** A spec with one thing about it that a CRD allows, or does not. */
interface SpecCase {
  readonly name: string;
  readonly rule: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly valid: boolean;
}

/** Fails where the API server takes or refuses something else than the cases say. @param objectOf an object with a spec; @param rules those in CEL: each that a case breaks is named with its field */
export async function testCases(
  t: TestContext,
  plane: ControlPlane,
  cases: readonly SpecCase[],
  rules: SchemaRules,
  objectOf: (spec: object) => AnyObject,
): Promise<void> {
  const admin = plane.client();
  t.after(() => admin.close());
  for (const { name, spec, valid } of cases) {
    await t.test(name, async () => {
      const plain = JSON.parse(JSON.stringify(spec));
      const object = objectOf(plain);
      const query = { dryRun: 'All', fieldValidation: 'Strict' };
      const answer = await admin.json({ method: 'POST', path: pathOf(object, true), query, body: object }).then(() => 'created', String);
      if (valid) assert.equal(answer, 'created');
      else assert.match(answer, /422|invalid/i, answer);
      for (const { field, message } of rules.brokenBy(plain)) {
        assert.ok(answer.includes(`${field}: Invalid value`), answer);
        assert.ok(answer.includes(message), answer);
      }
    });
  }
}

/** Fails when the API server takes one of the examples in a folder below `examples` for something else than it is. */
export async function checkExamples(plane: ControlPlane, folder: string): Promise<void> {
  await plane.kubectl('apply', '--dry-run=server', '--validate=strict', '-f', join(crds, '../examples', folder));
}

/** Fails when a CRD is not structural, so large that client-side apply can't write it, or not found by its short names. */
export async function checkCrd(plane: ControlPlane, plural: Plural, shortName: string): Promise<void> {
  const shipped = JSON.parse(await plane.kubectl('get', 'crd', `${plural}.smartproxy.dev`, '-o', 'json'));
  const conditions = shipped.status.conditions as { type: string }[];
  assert.equal(
    conditions.find(({ type }) => type === 'NonStructuralSchema'),
    undefined,
  );
  assert.ok(JSON.stringify(shipped.spec).length < 200 * 1024);
  assert.deepEqual(shipped.spec.names.shortNames, [shortName]);
  assert.deepEqual(shipped.spec.names.categories, ['smartproxy']);
}
