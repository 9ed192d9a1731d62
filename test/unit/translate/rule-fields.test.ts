import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../../src/api/objects.ts';
import type { RouteSource } from '../../../src/routes/route.ts';
import { type RouteTable, tcpOf } from '../../../src/routes/route-table.ts';
import { ObjectStore } from '../../../src/sources/object-store.ts';
import { RuleFields } from '../../../src/translate/rule-fields.ts';
import { translate } from '../../../src/translate/translate.ts';
import { defaultOptions } from '../../golden/default-options.ts';

interface FoundRoute {
  readonly source: RouteSource;
  readonly key: string;
}

function routesOf({ hosts, l4 }: RouteTable): readonly FoundRoute[] {
  return [
    ...[...hosts.values()].flatMap(({ routes, tls }) => [...routes, ...(tcpOf(tls) === undefined ? [] : [tcpOf(tls) as FoundRoute])]),
    ...l4.values(),
  ];
}

function fieldsOf(objects: readonly KubeObject[], options = defaultOptions): ReadonlyMap<string, string> {
  const store = new ObjectStore();
  store.replaceAll(objects);
  const fields = new RuleFields(store.snapshot());
  const { routeTable } = translate(store.snapshot(), options);
  return new Map(routesOf(routeTable).map(({ source, key }) => [key, fields.of(source, key)]));
}

function objectsOf(yaml: string): readonly KubeObject[] {
  return parseAllDocuments(yaml).map((document) => document.toJS() as KubeObject);
}

/** What stands at a field. */
function valueAt(object: unknown, field: string): unknown {
  const steps = [...field.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, inBrackets, plain]) => inBrackets ?? plain ?? '');
  return steps.reduce<unknown>((value, step) => (value as Readonly<Record<string, unknown>> | undefined)?.[step], object);
}

suite('rule fields', () => {
  test('every route of the goldens comes of a field that is there', () => {
    let count = 0;
    for (const file of globSync('test/golden/*.in.yaml')) {
      const documents = objectsOf(readFileSync(file, 'utf8')) as readonly (KubeObject & {
        readonly options?: Partial<typeof defaultOptions>;
      })[];
      const objects = documents.filter(({ kind }) => kind !== undefined);
      const options = { ...defaultOptions, ...documents.find((one) => one.options !== undefined)?.options };
      for (const [key, field] of fieldsOf(objects, options)) {
        const [, kind, namespace, name] = /^(Ingress|SmartRoute) (.*?)\/(\S+) /.exec(key) ?? [];
        if (kind === undefined) continue;
        const object = objects.find(
          ({ kind: its, metadata }) => its === kind && metadata.name === name && (metadata.namespace ?? 'default') === namespace,
        );
        assert.notEqual(field, '', `${file}: ${key}`);
        assert.notEqual(valueAt(object, field), undefined, `${file}: ${key}: ${field}`);
        count++;
      }
    }
    assert.ok(count > 100, `${count} routes`);
  });

  test('paths of an Ingress by host, the first of two alike, what is well before what may have been meant, and its default backend', () => {
    const backend = '{service: {name: web, port: {number: 80}}}';
    const fields = fieldsOf(
      objectsOf(`
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: smartproxy
  defaultBackend: ${backend}
  tls: [{hosts: [b.example]}]
  rules:
    - host: a.example
      http:
        paths:
          - {path: /x, pathType: Wrong, backend: ${backend}}
          - {path: /y, pathType: Exact, backend: ${backend}}
    - host: a.example
      http:
        paths:
          - {path: /x/, pathType: Prefix, backend: ${backend}}
          - {path: /y, pathType: Exact, backend: ${backend}}
---
kind: IngressClass
metadata: {name: smartproxy}
spec: {controller: smartproxy.dev/ingress-controller}
`),
    );
    assert.deepEqual(Object.fromEntries(fields), {
      'Ingress shop/web a.example prefix /x': 'spec.rules[1].http.paths[0]',
      'Ingress shop/web a.example exact /y': 'spec.rules[0].http.paths[1]',
      'Ingress shop/web a.example prefix /': 'spec.defaultBackend',
      'Ingress shop/web b.example prefix /': 'spec.defaultBackend',
      'Ingress shop/web * prefix /': 'spec.defaultBackend',
    });
  });

  test('an annotation that sends connections on as a whole, and rules of a SmartRoute with one match and with more', () => {
    const known = new RuleFields({
      of: ((kind: string) =>
        new Map(
          objectsOf(`
kind: Ingress
metadata: {name: web, namespace: shop, annotations: {smartproxy.dev/tls-passthrough: 'true'}}
spec: {rules: [{host: a.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
kind: SmartRoute
metadata: {name: web, namespace: shop}
spec:
  hosts: [a, b]
  http:
    rules:
      - {name: b, action: {block: {}}}
      - {name: a, matches: [{methods: [GET]}, {methods: [PUT]}], action: {block: {}}}
      - {name: '1', action: {block: {}}}
---
kind: SmartRoute
metadata: {name: db, namespace: shop}
spec: {listeners: [db], tcp: {backends: [{name: db, port: {number: 1}}]}}
`)
            .filter((object) => object.kind === kind)
            .map((object) => [`shop/${object.metadata.name}`, object]),
        )) as never,
    });
    const of = (kind: string, name: string, rest: string) => known.of({ kind, namespace: 'shop', name }, `${kind} shop/${name} ${rest}`);
    assert.equal(of('Ingress', 'web', 'a.example passthrough'), 'metadata.annotations[smartproxy.dev/tls-passthrough]');
    assert.equal(of('Ingress', 'web', 'a.example prefix /'), 'spec.rules[0].http.paths[0]');
    assert.equal(of('SmartRoute', 'web', 'a b'), 'spec.http.rules[0]');
    assert.equal(of('SmartRoute', 'web', 'b a'), 'spec.http.rules[1].matches[0]');
    assert.equal(of('SmartRoute', 'web', 'b a 1'), 'spec.http.rules[1].matches[1]');
    assert.equal(of('SmartRoute', 'web', 'a 1'), 'spec.http.rules[2]', 'the host is not the name of a rule');
    assert.equal(of('SmartRoute', 'db', 'db'), 'spec.tcp');
    assert.equal(of('SmartRoute', 'gone', 'a b'), '', 'an object that has gone');
    assert.equal(of('Service', 'web', 'a b'), '', 'nobody knows of such routes');
  });
});
