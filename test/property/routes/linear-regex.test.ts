import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { LinearRegex } from '../../../src/routes/linear-regex.ts';
import { patternWork } from '../../../src/routes/pattern-work.ts';

const letter = fc.constantFrom('a', 'b', '/', '.', 'é', '-');
const text = fc.string({ unit: letter, maxLength: 8 });
/** Short pieces of patterns that often fit a text of the same letters. */
const piece = fc.constantFrom(
  'a', 'b', '/', 'é', '-', '.', '\\.', '\\-', 'a?', 'b*', '/+', 'a{2}', 'a{0,1}', '[ab]', '(a|b)', '(?:a/)?', '(?i)', '^', '$', 'a|b', '\\Qa.b\\E', '\\pL',
); // biome-ignore format: a list
const pattern = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));

it('LinearRegex matches what RE2 matches, whatever of the pattern it compares beforehand', () => {
  let matched = 0;
  fc.assert(
    fc.property(pattern, text, (source, candidate) => {
      const regex = LinearRegex.compile(source);
      if (typeof regex === 'string') return; // refused, as by RE2
      patternWork.begin();
      const expected = RE2JS.matches(source, candidate);
      if (expected) matched++;
      assert.equal(regex.matches(candidate), expected);
    }),
    { numRuns: 3000 },
  );
  assert.ok(matched > 20, `only ${matched} cases matched`);
});
