import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderAnnotationDocs } from '../../../src/api/annotation-docs.ts';
import {
  booleanValue,
  choiceValue,
  dnsNameValue,
  durationValue,
  headerNamesValue,
  integerValue,
  methodsValue,
  networksValue,
  objectNameValue,
  originsValue,
  sizeValue,
  statusesValue,
  type ValueType,
  wordValue,
} from '../../../src/api/annotation-values.ts';
import { annotationsByName } from '../../../src/api/annotations.ts';
import { nearestName } from '../../../src/config/nearest-name.ts';

const invalid = Symbol('invalid');
const unsupported = Symbol('unsupported');

const rows: readonly (readonly [string, ValueType<unknown>, string, unknown])[] = [
  ['boolean', booleanValue, 'true', true],
  ['boolean', booleanValue, 'False', false],
  ['boolean', booleanValue, 'TRUE', true],
  ['boolean', booleanValue, 'yes', invalid],
  ['boolean', booleanValue, '1', invalid],
  ['duration', durationValue(0), '0', 0],
  ['duration', durationValue(0), '15', 15_000],
  ['duration', durationValue(0), '500ms', 500],
  ['duration', durationValue(0), '1m30s', 90_000],
  ['duration', durationValue(0), '2h', 7_200_000],
  ['duration', durationValue(0), '1d', invalid],
  ['duration', durationValue(0), '-5s', invalid],
  ['duration', durationValue(0), '5 s', invalid],
  ['duration', durationValue(0), '2147483647ms', 2_147_483_647],
  ['duration', durationValue(0), '2147483648ms', invalid],
  ['duration', durationValue(0), '9'.repeat(400), invalid],
  ['duration', durationValue(0), '', invalid],
  ['duration with a minimum', durationValue(1), '0', invalid],
  ['size', sizeValue, '0', 0],
  ['size', sizeValue, '1048576', 1_048_576],
  ['size', sizeValue, '512k', 524_288],
  ['size', sizeValue, '8M', 8_388_608],
  ['size', sizeValue, '1Gi', 1_073_741_824],
  ['size', sizeValue, '1.5g', invalid],
  ['size', sizeValue, '999999999999999g', invalid],
  ['integer', integerValue(0, 10), '10', 10],
  ['integer', integerValue(0, 10), '11', invalid],
  ['integer', integerValue(0, 10), '0x1', invalid],
  ['choice', choiceValue(['http', 'https']), 'HTTPS', 'https'],
  ['choice', choiceValue(['http', 'https']), 'constructor', invalid],
  ['word', wordValue(new Map([['grpc', 'h2c']]), ['fcgi'], 'x'), 'GRPC', 'h2c'],
  ['word', wordValue(new Map([['grpc', 'h2c']]), ['fcgi'], 'x'), 'fcgi', unsupported],
  ['word', wordValue(new Map([['grpc', 'h2c']]), ['fcgi'], 'x'), 'h2c', invalid],
  ['DNS name', dnsNameValue, 'Backend.Example.com', 'backend.example.com'],
  ['DNS name', dnsNameValue, 'a..b', invalid],
  ['object name', objectNameValue, 'backend-ca', 'backend-ca'],
  ['object name', objectNameValue, 'other/backend-ca', invalid],
  ['networks', networksValue(1), '10.0.0.0/8 ,\n::1,', ['10.0.0.0/8', '::1']],
  ['networks', networksValue(1), ' , ', invalid],
  ['networks that may be none', networksValue(0), '', []],
  [
    'origins',
    originsValue,
    'https://App.example.com, https://*.example.org:8443,',
    ['https://app.example.com', 'https://*.example.org:8443'],
  ],
  ['origins', originsValue, 'https://app.example.com/', invalid],
  ['origins', originsValue, ',', invalid],
  ['methods', methodsValue, 'GET,\nPUT,', ['GET', 'PUT']],
  ['methods', methodsValue, 'GET PUT', invalid],
  ['header names', headerNamesValue, 'X-User, X-Email,', ['x-user', 'x-email']],
  ['header names', headerNamesValue, '', invalid],
  ['header names', headerNamesValue, 'X-Forwarded-User', invalid],
  ['statuses', statusesValue, '404, 503,', [404, 503]],
  ['statuses', statusesValue, '', invalid],
];

for (const [name, type, text, expected] of rows) {
  test(`annotation ${name} reads ${JSON.stringify(text.slice(0, 30))} as ${String(expected)}`, () => {
    const parsed = type.parse(text);
    if (parsed.kind === 'value') assert.deepEqual(parsed.value, expected);
    else assert.equal(parsed.kind === 'invalid' ? invalid : unsupported, expected);
  });
}

test('annotation documentation has a row for every annotation', () => {
  const text = renderAnnotationDocs();
  for (const name of annotationsByName.keys()) assert.ok(text.includes(`| \`${name}\` |`), name);
});

test('nearest name finds a misspelt one and none for anything else', () => {
  const known = ['smartproxy.dev/read-timeout', 'smartproxy.dev/send-timeout'];
  assert.equal(nearestName('smartproxy.dev/read-timout', known), 'smartproxy.dev/read-timeout');
  assert.equal(nearestName('smartproxy.dev/zzz', known), undefined);
});
