import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hostileRequests } from '../../corpus/http1/hostile-requests.ts';
import { parseRequests, pieces } from './drive-parser.ts';

describe('a hostile request', () => {
  it('stands in the corpus once', () => {
    const titles = hostileRequests.map((message) => `${message.rule}: ${message.name}`);
    assert.equal(new Set(titles).size, titles.length);
    assert.ok(titles.length >= 250, `${titles.length} cases`);
  });

  for (const { rule, name, text } of hostileRequests) {
    it(`is refused: ${rule}: ${name}`, () => {
      const whole = parseRequests([Buffer.from(text, 'latin1')]);
      assert.equal(whole.rule, rule);
      assert.equal(whole.complete, 0, 'no message may come to its end');
      for (const bytes of [1, 7]) {
        const cut = parseRequests(pieces(text, bytes));
        assert.equal(cut.rule, rule, `in pieces of ${bytes}`);
        assert.equal(cut.complete, 0);
      }
    });
  }
});
