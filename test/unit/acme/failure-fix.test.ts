import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaError } from '../../../src/acme/ca-error.ts';
import { fixOf } from '../../../src/acme/failure-fix.ts';

/** What a text has to name, for each error type of RFC 8555, 6.7, RFC 8739 and the draft of profiles that people can do something about. */
const rows: readonly (readonly [type: string, names: RegExp])[] = [
  ['caa', /CAA record .* this CA, or use another issuer/],
  ['connection', /open port 80 .*tls-alpn-01, 443/],
  ['dns', /public DNS/],
  ['unauthorized', /make the name lead here, or with dns-01 .*zone's servers/],
  ['incorrectResponse', /make the name lead here, or with dns-01 .*zone's servers/],
  ['tls', /make the name lead here/],
  ['rejectedIdentifier', /use another issuer/],
  ['unsupportedIdentifier', /names of this kind: use another issuer/],
  ['externalAccountRequired', /externalAccountBinding of the issuer/],
  ['invalidContact', /email of the issuer/],
  ['unsupportedContact', /email of the issuer/],
  ['userActionRequired', /at the CA/],
  ['invalidProfile', /profile of the issuer/],
];

test('each refusal that somebody can mend says how, by its error type', () => {
  for (const [type, names] of rows) assert.match(fixOf(new CaError('x', 'no', { status: 403, type })) ?? '', names, type);
});

test('who can but wait is told nothing to do, and a CA that is away where to look', () => {
  for (const type of ['rateLimited', 'serverInternal', 'orderNotReady', 'constructor', 'toString'])
    assert.equal(fixOf(new CaError('x', 'later', { status: 429, type })), undefined, type);
  assert.equal(fixOf(new CaError('x', 'it answered with status 503', { status: 503 })), undefined);
  assert.match(
    fixOf(new CaError('x', 'the CA can not be reached, ECONNREFUSED')) ?? '',
    /directory and caRef of the issuer, and at egress and DNS/,
  );
  assert.equal(fixOf(new CaError('x', 'the replica does not answer')), undefined);
  assert.equal(fixOf(new CaError('x', 'no', { type: 'caa', fix: 'do that instead' })), 'do that instead');
});
