import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hostileResponses } from '../../corpus/http1/hostile-responses.ts';
import { parseResponse, pieces } from './drive-parser.ts';

describe('a hostile answer', () => {
  it('stands in the corpus once', () => {
    const titles = hostileResponses.map((message) => `${message.rule}: ${message.name}`);
    assert.equal(new Set(titles).size, titles.length);
    assert.ok(titles.length >= 80, `${titles.length} cases`);
  });

  for (const { rule, name, text, ...input } of hostileResponses) {
    it(`is refused: ${rule}: ${name}`, () => {
      for (const bytes of [1_000_000, 1, 7]) {
        const outcome = parseResponse(pieces(text, bytes), input);
        assert.equal(outcome.rule, rule, `in pieces of ${bytes}`);
        assert.equal(outcome.status, 502);
        assert.equal(outcome.complete, 0, 'no answer may come to its end');
        assert.equal(outcome.midMessage, false, 'nothing more is read');
      }
    });
  }

  it('has a flag that says what kind of trouble it was', () => {
    const flagOf = (rule: string) => {
      const { text, ...input } = hostileResponses.find((message) => message.rule === rule)!;
      return parseResponse(pieces(text, 1000), input).flag;
    };
    assert.equal(flagOf('bad-status-line'), 'upstream_protocol_error');
    assert.equal(flagOf('te-with-cl'), 'upstream_protocol_error');
    assert.equal(flagOf('head-too-large'), 'upstream_response_too_large');
    assert.equal(flagOf('too-many-headers'), 'upstream_response_too_large');
    assert.equal(flagOf('eof-before-head'), 'upstream_reset');
    assert.equal(flagOf('eof-in-body'), 'upstream_truncated');
  });
});
