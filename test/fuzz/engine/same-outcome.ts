import assert from 'node:assert/strict';
import type { RequestHead, ResponseHead } from '../../../src/networkproxy/http1/message-handler.ts';
import type { Outcome } from '../../unit/http1/drive-parser.ts';

/** Of an input that is over a limit and broken besides, the cut decides which of the two is seen first. */
const limitRules = ['line-too-long', 'head-too-large', 'too-many-headers', 'trailers-too-large', 'chunk-extensions-too-large'];

/** Two cuts of the same bytes mean the same. */
export function assertSameOutcome<Head extends RequestHead | ResponseHead>(actual: Outcome<Head>, expected: Outcome<Head>): void {
  const overLimit = [actual, expected].some(({ rule }) => rule !== undefined && limitRules.includes(rule));
  if (overLimit && actual.rule !== undefined && expected.rule !== undefined) {
    assert.deepEqual(meaningOf(actual), meaningOf(expected));
    return;
  }
  assert.deepEqual(actual, expected);
}

function meaningOf<Head extends RequestHead | ResponseHead>({ messages, informational, complete, midMessage }: Outcome<Head>) {
  return { messages, informational, complete, midMessage };
}
