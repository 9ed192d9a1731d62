import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { normaliseTarget } from '../../../src/networkproxy/path-normalisation.ts';

const normalised: readonly (readonly [target: string, path: string, forwarded: string])[] = [
  ['/', '/', '/'],
  ['/a/b', '/a/b', '/a/b'],
  ['/a/b/', '/a/b/', '/a/b/'],
  ['/a?b=c', '/a', '/a?b=c'],
  ['/?', '/', '/?'],
  ['/a?', '/a', '/a?'],
  // Dot segments
  ['/.', '/', '/'],
  ['/a/.', '/a/', '/a/'],
  ['/a/./b', '/a/b', '/a/b'],
  ['/a/..', '/', '/'],
  ['/a/b/..', '/a/', '/a/'],
  ['/a/b/../c', '/a/c', '/a/c'],
  ['/a/b/../../c', '/c', '/c'],
  ['/a/%2e/b', '/a/b', '/a/b'],
  ['/a/%2e%2E/b', '/b', '/b'],
  ['/a/.%2e/b', '/b', '/b'],
  ['/a/../b?c=/../d', '/b', '/b?c=/../d'],
  // Names that only begin with dots are names
  ['/.well-known/acme-challenge/t', '/.well-known/acme-challenge/t', '/.well-known/acme-challenge/t'],
  ['/..a', '/..a', '/..a'],
  ['/...', '/...', '/...'],
  ['/a..', '/a..', '/a..'],
  // Slashes
  ['//', '/', '/'],
  ['//a', '/a', '/a'],
  ['/a//b', '/a/b', '/a/b'],
  ['/a///b//', '/a/b/', '/a/b/'],
  ['/a//../b', '/b', '/b'],
  // Escapes
  ['/%61', '/a', '/a'],
  ['/%7Euser/%2D%5f', '/~user/-_', '/~user/-_'],
  ['/%c3%a9', '/%C3%A9', '/%C3%A9'],
  ['/a%20b', '/a%20b', '/a%20b'],
  ['/%252e%252e/', '/%252e%252e/', '/%252e%252e/'],
  ['/100%25', '/100%25', '/100%25'],
  ['/%3b%3f%23', '/%3B%3F%23', '/%3B%3F%23'],
  ['/%C0', '/%C0', '/%C0'],
  // Data that stays as it is
  ['/a;b=c/d', '/a;b=c/d', '/a;b=c/d'],
  ['/a;/../b', '/b', '/b'],
  ["/a:b@c!$&'()*+,=", "/a:b@c!$&'()*+,=", "/a:b@c!$&'()*+,="],
  ['/a|b^c`{}"<>[]', '/a|b^c`{}"<>[]', '/a|b^c`{}"<>[]'],
  // The query is not touched
  ['/?a=%2f%00%zz//..\\', '/', '/?a=%2f%00%zz//..\\'],
  ['/a?b?c', '/a', '/a?b?c'],
  ['/%61?%61', '/a', '/a?%61'],
];

const refused: Readonly<Record<string, readonly string[]>> = {
  'target-not-absolute': ['', 'a', '?a', '*', 'http://a.test/', '.', '%2f'],
  'target-byte': [
    '/a b',
    '/a\tb',
    '/\0',
    '/\x1f',
    '/\x7f',
    '/\x80',
    '/\xff',
    '/?a b',
    '/?\r\n',
    '/?\xe9',
    '/a/../?\0',
    '/%61?\x7f',
    '/\u2025',
  ],
  'target-fragment': ['/#', '/a#b', '/?#', '/?a#b', '/a/../b#', '/a//?#'],
  'path-backslash': ['/\\', '/a\\..\\b', '/%5c', '/%5C'],
  'path-encoded-slash': ['/%2f', '/a%2Fb', '/%2e%2e%2fa'],
  'path-encoded-control': ['/%00', '/%0a', '/%0D', '/%1f', '/%7F'],
  'path-bad-escape': ['/%', '/%2', '/%zz', '/%2g', '/%g2', '/%%41', '/%?', '/% 1'],
  'path-overlong-escape': ['/%c0%ae', '/%C0%AF', '/%c1%9c', '/%c1%81'],
  'path-dot-parameter': ['/..;', '/.;', '/a/..;/b', '/a/.;x=y', '/%2e.;', '/..%3B', '/..%3b/a'],
  'path-above-root': ['/..', '/../', '/a/../..', '/%2e%2e', '/./..', '//..', '/a/../../a'],
};

describe('normaliseTarget', () => {
  for (const [target, path, forwarded] of normalised) {
    it(`makes ${forwarded} of ${target}`, () => {
      assert.deepEqual(normaliseTarget(target), { kind: 'target', target: forwarded, path });
    });
  }

  for (const [rule, targets] of Object.entries(refused)) {
    for (const target of targets) {
      it(`refuses ${JSON.stringify(target)}: ${rule}`, () => {
        assert.deepEqual(normaliseTarget(target), { kind: 'refused', rule });
      });
    }
  }
});
