import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseManifest } from '../../../src/sources/manifests/parse-manifest.ts';

function parsed(text: string) {
  const result = parseManifest(Buffer.from(text));
  assert.ok(result.kind === 'parsed', JSON.stringify(result));
  return result.manifest;
}

function names(text: string): string[] {
  return parsed(text).objects.map(
    ({ object, line }) => `${object.kind} ${object.metadata.namespace ?? '-'}/${object.metadata.name}:${line}`,
  );
}

test('manifest: several documents in one file, empty ones left out, each with its line', () => {
  const text =
    '---\n# nothing\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n---\n\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n';
  assert.deepEqual(names(text), ['Service default/web:4', 'Namespace -/shop:9']);
});

test('manifest: items of a List and of a typed list count, typed ones without kind and version of their own', () => {
  const text = `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: a, namespace: x}
- apiVersion: v1
  kind: Pod
  metadata: {name: p}
---
apiVersion: networking.k8s.io/v1
kind: IngressList
items:
- metadata: {name: shop}
`;
  assert.deepEqual(names(text), ['Service x/a:4', 'Ingress default/shop:14']);
});

test('manifest: JSON with tabs and escapes is read like YAML', () => {
  const text = '{\n\t"apiVersion": "v1",\n\t"kind": "Service",\n\t"metadata": {"name": "web", "annotations": {"a": "x\\u00e9\\/"}}\n}\n';
  assert.equal(parsed(text).objects[0]?.object.metadata.annotations?.a, 'xé/');
});

test('manifest: anchors and merge keys are expanded, an alias bomb is refused', () => {
  assert.equal(parsed('x: &m {name: web}\napiVersion: v1\nkind: Service\nmetadata:\n  <<: *m\n').objects[0]?.object.metadata.name, 'web');
  const levels = Array.from(
    { length: 9 },
    (_, i) =>
      `l${i}: &l${i} [${Array(9)
        .fill(i === 0 ? 'x' : `*l${i - 1}`)
        .join(',')}]`,
  );
  const result = parseManifest(Buffer.from(`${levels.join('\n')}\n`));
  assert.equal(result.kind, 'failed');
});

test('manifest: kinds that are not read are counted by kind and version, also other groups with a name of ours', () => {
  const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n';
  const knative = 'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: p}\n';
  assert.deepEqual(
    [...parsed([pod, pod, knative].join('---\n')).skipped],
    [
      ['Pod.v1', 2],
      ['Service.serving.knative.dev/v1', 1],
    ],
  );
});

test('manifest: an old version of a kind of ours is a problem that names the one to use', () => {
  const { problems } = parsed('apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: old}\n');
  assert.deepEqual(problems, [{ line: 1, message: 'Ingress of extensions/v1beta1 is not read: use networking.k8s.io/v1' }]);
});

test('manifest: a kind that nobody has is a problem that names the one that was meant, as it would vanish', () => {
  const told = (apiVersion: string, kind: string) =>
    parsed(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}\n`).problems[0]?.message;
  assert.equal(
    told('smartproxy.dev/v1alpha1', 'SmartRoutes'),
    'there is no kind SmartRoutes of smartproxy.dev/v1alpha1; did you mean SmartRoute?',
  );
  assert.equal(
    told('smartproxy.dev/v1alpha1', 'Gateway'),
    'there is no kind Gateway of smartproxy.dev/v1alpha1; there are SmartRoute and SmartProxyConfig',
  );
  assert.match(told('networking.k8s.io/v1', 'ingress') ?? '', /did you mean Ingress\?$/);
  for (const kind of ['NetworkPolicy', 'ServiceCIDR', 'IPAddress']) assert.equal(told('networking.k8s.io/v1', kind), undefined, kind);
  for (const kind of ['ServiceAccount', 'Endpoints', 'Pod', 'Event']) assert.equal(told('v1', kind), undefined, kind);
});

test('manifest: one object with bad metadata is a problem at its line, the others of the file count', () => {
  const text = `apiVersion: v1
kind: Service
metadata: {name: web, annotations: {flag: true}}
---
apiVersion: v1
kind: Service
metadata: {}
---
apiVersion: v1
kind: Service
metadata: {name: a/b}
---
- a list
---
kind: Service
---
apiVersion: v1
kind: Service
metadata: {name: good, creationTimestamp: 2026-01-31T12:00:00Z}
`;
  const { objects, problems } = parsed(text);
  assert.equal(objects.length, 1);
  assert.equal(objects[0]?.object.metadata.creationTimestamp, '2026-01-31T12:00:00Z');
  assert.deepEqual(problems, [
    { line: 1, message: 'Service web: metadata.annotations[flag] is not a text: put its value in quotes' },
    { line: 5, message: 'Service without a name: metadata.name is missing' },
    { line: 9, message: 'Service a/b: metadata.name is not a Kubernetes name' },
    { line: 13, message: 'not an object with apiVersion, kind and metadata' },
    { line: 15, message: 'Service: apiVersion is missing' },
  ]);
});

test('manifest: namespace and uid are filled in the same way every time, no creation time is made up', () => {
  const text = 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\n';
  const [first, second] = [parsed(text).objects[0]?.object.metadata, parsed(text).objects[0]?.object.metadata];
  assert.deepEqual(first, { name: 'web', namespace: 'default', uid: 'manifest/Service/default/web' });
  assert.deepEqual(second, first);
});

test('manifest: stringData of a Secret is merged over its data in base64', () => {
  const text = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: YQ==, b: Yg==}\nstringData: {b: new}\n';
  const [first] = parsed(text).objects;
  assert.ok(first?.object.kind === 'Secret');
  assert.deepEqual(first.object.data, { a: 'YQ==', b: Buffer.from('new').toString('base64') });
  assert.ok(!('stringData' in first.object));
});

test('manifest: a file that does not parse fails at its line, without a word of what it holds', () => {
  const result = parseManifest(Buffer.from('apiVersion: v1\nkind: Secret\nstringData:\n  key: "hunter2\n  other: [hunter3}\n'));
  assert.ok(result.kind === 'failed');
  assert.ok(result.line >= 4, String(result.line));
  assert.ok(!/hunter/.test(result.message), result.message);
  const unexpected = parseManifest(Buffer.from('a: b\n  hunter2: {\n'));
  assert.ok(unexpected.kind === 'failed' && !/hunter/.test(unexpected.message));
});

test('manifest: bytes that are not UTF-8 fail at their line', () => {
  const bytes = Buffer.concat([Buffer.from('kind: Service\nname: '), Buffer.from([0xff, 0xfe]), Buffer.from('\nx: y\n')]);
  assert.deepEqual(parseManifest(bytes), { kind: 'failed', line: 2, message: 'not UTF-8 text' });
});

test('manifest: no input makes the parser throw', () => {
  const piece = fc.constantFrom(
    'a: ',
    '- ',
    '\n',
    '  ',
    '{',
    '}',
    '[',
    ']',
    '"',
    '&x ',
    '*x',
    '<<: ',
    '---\n',
    'kind: Secret\n',
    'items:',
    ': ',
    '!!t',
    '%',
    '\t',
    '|\n',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const result = parseManifest(Buffer.from(pieces.join('')));
      assert.ok(result.kind === 'parsed' || result.line >= 1);
    }),
    { numRuns: 300 },
  );
});
