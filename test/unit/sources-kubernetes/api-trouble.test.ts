import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SmartProxyError } from '../../../src/errors.ts';
import { ApiError } from '../../../src/sources/kubernetes/api-error.ts';
import { describeApiPath, readApiPath } from '../../../src/sources/kubernetes/api-path.ts';
import { apiTrouble, isTerminating } from '../../../src/sources/kubernetes/api-trouble.ts';

const ingresses = '/apis/networking.k8s.io/v1/ingresses';

function refused(status: number, reason: string): ApiError {
  return new ApiError('GET /x', `${status} ${reason}`, { status });
}

function unanswered(code: string): ApiError {
  return new ApiError('GET /x', code, { cause: Object.assign(new Error(code), { code }) });
}

const paths: readonly (readonly [string, string])[] = [
  ['/api/v1/services', 'services'],
  ['/api/v1/namespaces', 'namespaces'],
  ['/api/v1/namespaces/shop', 'namespaces "shop"'],
  ['/api/v1/namespaces/shop/secrets/tls', 'secrets "tls" in namespace shop'],
  [ingresses, 'ingresses of networking.k8s.io'],
  ['/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web/status', 'ingresses/status of networking.k8s.io "web" in namespace shop'],
  ['/apis/coordination.k8s.io/v1/namespaces/own/leases', 'leases of coordination.k8s.io in namespace own'],
];
for (const [path, words] of paths) {
  test(`describeApiPath: ${path}`, () => assert.equal(describeApiPath(readApiPath(path)), words));
}

const rows: readonly (readonly [string, Error, string, RegExp])[] = [
  ['a 401', refused(401, 'Unauthorized'), 'unauthorized', /credentials/],
  [
    'a 403',
    refused(403, 'no'),
    'forbidden',
    /^Cannot list ingresses of networking.*allow the verb list on ingresses of API group networking/,
  ],
  ['a kind without a handler', refused(404, '404 page not found'), 'not-served', /does not serve ingresses in version v1.*Definition/],
  ['an unknown resource', refused(404, 'the server could not find the requested resource'), 'not-served', /switch the API on/],
  ['an object that is not there', refused(404, 'namespaces "x" not found'), 'missing', /create it/],
  ['a busy server', refused(503, 'later'), 'failed', /^Cannot list ingresses/],
  ['a closed port', unanswered('ECONNREFUSED'), 'unreachable', /^Cannot reach the API server: ECONNREFUSED; check/],
  ['a certificate of another CA', unanswered('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'certificate-refused', /certificate-authority/],
  ['a self-signed certificate', unanswered('DEPTH_ZERO_SELF_SIGNED_CERT'), 'certificate-refused', /not trusted/],
  ['an expired certificate', unanswered('CERT_HAS_EXPIRED'), 'certificate-refused', /not trusted/],
  ['a certificate of another name', unanswered('ERR_TLS_CERT_ALTNAME_INVALID'), 'certificate-refused', /names/],
  [
    'credentials that cannot be read',
    new ApiError('GET /x', 'Cannot read', { cause: new SmartProxyError('KUBECONFIG_INVALID', 'Cannot read') }),
    'unauthorized',
    /Cannot read/,
  ],
];
for (const [name, error, reason, message] of rows) {
  test(`apiTrouble: ${name} is ${reason}`, () => {
    const trouble = apiTrouble(error, 'list', ingresses);
    assert.equal(trouble.reason, reason);
    assert.match(trouble.message, message);
  });
}

test('isTerminating: only for a namespace on its way out', () => {
  assert.ok(isTerminating(refused(403, 'unable to create new content in namespace shop because it is being terminated')));
  assert.ok(!isTerminating(refused(403, 'cannot create resource "events"')));
});
