import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readFieldLines } from '../../../src/sources/manifests/line-of-field.ts';

const web = { line: 1, kind: 'Ingress', name: 'web' };

/** The line of each field. */
function lineOf(text: string, object: typeof web, fields: Readonly<Record<string, number>>): void {
  const lines = readFieldLines(text);
  for (const [field, line] of Object.entries(fields)) assert.equal(lines.lineOf(object, field), line, field);
}

const documents = [
  'kind: Ingress', // 1
  'metadata:',
  '  name: web',
  '  annotations:',
  '    smartproxy.dev/x: "1"', // 5
  'spec:',
  '  rules:',
  '    - host: a.example',
  '      http:',
  '        paths:', // 10
  '          - path: /',
  '            backend: {service: {name: web, port: {number: 80}}}',
  '---',
  'kind: List',
  'items:', // 15
  '  - kind: Service',
  '    metadata: {name: web}',
  '    spec:',
  '      ports: [{port: 80}]',
];

suite('lines of fields', () => {
  test('the deepest part that is there counts, in documents and lists, also behind keys with dots', () => {
    lineOf(documents.join('\n'), web, {
      'spec.rules[0].host': 8,
      'spec.rules[0].http.paths[0].backend.service.port': 12,
      'spec.rules[0].http.paths[7]': 10,
      'spec.rules[9].host': 7,
      'metadata.annotations[smartproxy.dev/x]': 5,
      'nowhere.at.all': 1,
      '': 1,
    });
    lineOf(documents.join('\n'), { line: 16, kind: 'Service', name: 'web' }, { 'spec.ports[0].port': 19 });
  });

  test('lines end as Windows has them, too', () => {
    lineOf(documents.join('\r\n'), web, { 'spec.rules[0].host': 8, 'metadata.annotations[smartproxy.dev/x]': 5 });
    lineOf(documents.join('\r\n'), { line: 16, kind: 'Service', name: 'web' }, { 'spec.ports[0].port': 19 });
  });

  test('JSON has lines as it is written; several objects may begin on one', () => {
    const text = [
      '{"kind": "IngressList", "items": [{"kind": "Service", "metadata": {"name": "web"}}, {"metadata": {"name": "web"},',
      '  "spec": {"rules": [',
      '    {"host": "a.example",',
      '     "http": {"paths": [{"path": "/"},',
      '                        {"path": "/b"}]}}]}}]}',
    ].join('\n');
    lineOf(text, web, { 'spec.rules[0]': 3, 'spec.rules[0].http.paths[0]': 4, 'spec.rules[0].http.paths[1]': 5 });
    lineOf(text, { ...web, kind: 'Service' }, { 'spec.rules[0]': 1 });
    lineOf(text.replaceAll('\n', ''), web, { 'spec.rules[0].http.paths[1]': 1 });
  });

  test('what an alias stands for has the line where it is written, and so has what a merge key brings', () => {
    const text = [
      'kind: Ingress', // 1
      'metadata:',
      '  name: web',
      'shared: &path',
      '  path: /', // 5
      '  backend: &backend',
      '    service: {name: web}',
      'spec:',
      '  rules:',
      '    - host: a.example', // 10
      '      http:',
      '        paths:',
      '          - *path',
      '          - <<: [*backend, *path]',
      '            path: /b', // 15
    ].join('\n');
    const paths = 'spec.rules[0].http.paths';
    lineOf(text, web, { [`${paths}[0]`]: 13, [`${paths}[0].backend`]: 6, [`${paths}[1].path`]: 15, [`${paths}[1].backend.service`]: 7 });
    const list = ['kind: List', 'metadata: &web', '  name: web', 'one: &one {kind: Ingress, metadata: *web, spec: {', ' rules: []}}'];
    lineOf([...list, 'items: [', '  *one]'].join('\n'), { ...web, line: 7 }, { 'spec.rules': 5 });
  });

  test('what refers to itself has an end', () => {
    const text = 'kind: Ingress\nmetadata: {name: web}\nspec: &spec\n  <<: *spec\n  rules: &rules [*rules]';
    lineOf(text, web, { 'spec.tls': 3, 'spec.rules[0][0][0].host': 5 });
  });

  test('a file that does not parse, or has another object there by now, has only the lines of objects', () => {
    lineOf('{ broken: [', { ...web, line: 4 }, { spec: 4 });
    lineOf(documents.join('\n'), { ...web, line: 99 }, { spec: 99 });
    lineOf(documents.join('\n'), { ...web, name: 'other' }, { 'spec.rules[0].host': 1 });
    lineOf(documents.join('\n'), { ...web, kind: 'SmartRoute' }, { 'spec.rules[0].host': 1 });
  });
});
