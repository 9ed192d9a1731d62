import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hostileRequests } from '../../corpus/http1/hostile-requests.ts';
import { hostileResponses } from '../../corpus/http1/hostile-responses.ts';
import { parseRequests } from './drive-parser.ts';

/** The members of the unions in these files. */
const rules = ['src/networkproxy/http1/parse-rule.ts', 'src/networkproxy/path-normalisation.ts'].flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/^ {2}\| '([a-z0-9.-]+)'/gm)].map(([, rule = '']) => rule),
);

/** Rules that no hostile message shows: a request that never ends is cut, not refused. */
const ofCutRequests = ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell', 'GET / HTTP/1.1\r\nHost'];

/** Of `:path` in HTTP/2 alone, see test/unit/http2/message-rules.test.ts: an HTTP/1 target without a slash is no origin form. */
const ofHttp2 = ['target-not-absolute'];

test('every rule of HTTP/1 messages is broken by a message of the corpora', () => {
  assert.ok(rules.length >= 55, `${rules.length} rules`);
  const cut = ofCutRequests.map((text) => parseRequests([Buffer.from(text)], { finish: true }).rule);
  const broken = new Set<string | undefined>([...[...hostileRequests, ...hostileResponses].map(({ rule }) => rule), ...cut, ...ofHttp2]);
  assert.deepEqual(
    rules.filter((rule) => !broken.has(rule)),
    [],
  );
});
