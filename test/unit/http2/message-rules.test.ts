import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hostileHttp2Requests } from '../../corpus/http2/hostile-requests.ts';
import { hostileHttp2Answers } from '../../corpus/http2/hostile-responses.ts';
import { endHeaders, endStream, frame, frameTypes, headerBlock, preface, type RawField } from '../../tools/raw-http2.ts';
import { RecordedConnection } from '../../tools/recorded-http2.ts';

/** Rules of messages that only HTTP/2 has, as `message-rule.ts` lists them. */
const listed = /const malformed = \[([^\]]*)\]/.exec(readFileSync('src/networkproxy/http2/message-rule.ts', 'utf8'))?.[1] ?? '';
const rules = [...listed.matchAll(/'([a-z-]+)'/g)].map(([, rule = '']) => rule);

/** The rules for which the server's half refuses the requests of the corpus. */
function refusals(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { fields, body = [], trailers, trailersDoNotEnd } of hostileHttp2Requests) {
    const connection = new RecordedConnection();
    const ends = body.length === 0 && trailers === undefined;
    connection.read([
      Buffer.concat([
        ...[preface, frame(frameTypes.settings, 0, 0), block(fields, ends)],
        ...body.map((text, i) =>
          frame(frameTypes.data, i === body.length - 1 && trailers === undefined ? endStream : 0, 1, Buffer.from(text, 'latin1')),
        ),
        ...(trailers === undefined ? [] : [block(trailers, trailersDoNotEnd !== true)]),
      ]),
    ]);
    for (const { refusal } of connection.requests) if (refusal !== undefined) found.add(refusal);
  }
  return found;
}

function block(fields: readonly RawField[], ends: boolean): Buffer {
  return frame(frameTypes.headers, endHeaders | (ends ? endStream : 0), 1, headerBlock(fields).subarray(0, 16_384));
}

test('every rule of HTTP/2 messages is broken by a request or an answer of the corpora', () => {
  assert.ok(rules.length >= 18, `${rules.length} rules`);
  const broken = new Set<string>([...refusals(), ...hostileHttp2Answers.map(({ rule }) => rule)]);
  assert.deepEqual(
    [...rules, 'target-not-absolute'].filter((rule) => !broken.has(rule)),
    [],
  );
});
