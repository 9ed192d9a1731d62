import assert from 'node:assert/strict';
import { test } from 'node:test';
import { externalNameProblem } from '../../../src/routes/external-name.ts';

const numeric = [
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '169.254.169.254',
  '168.63.129.16',
  '::1',
  '::',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
];
for (const name of numeric) {
  test(`an ExternalName of ${name} is refused`, () => {
    assert.equal(externalNameProblem(name), 'is a loopback, link-local or metadata address');
  });
}

for (const name of ['127.1', '0x7f.1', '2130706433', '017700000001', '0x7f000001', '0177.0.0.1', '127.0.0.01', '1.2.3.4.5', 'a.0x1']) {
  test(`an ExternalName of ${name} is refused: a resolver may read it as an address`, () => {
    assert.equal(externalNameProblem(name), 'is an IP address in an unusual form');
  });
}

for (const name of ['', '.', '127.0.0.1.', 'localhost.', 'a..b', '[::1]', 'a b', '-a.example']) {
  test(`an ExternalName of ${JSON.stringify(name)} is refused: it is no DNS name`, () => {
    assert.equal(externalNameProblem(name), 'is no DNS name');
  });
}

for (const name of ['localhost', 'a.localhost', 'metadata.google.internal']) {
  test(`an ExternalName of ${name} is refused`, () => assert.notEqual(externalNameProblem(name), undefined));
}

for (const name of ['api.example.net', '192.0.2.7', '2001:db8::1', '127.example.net', '1.2.3.4.nip.io', '_srv.example']) {
  test(`an ExternalName of ${name} may be dialled`, () => assert.equal(externalNameProblem(name), undefined));
}
