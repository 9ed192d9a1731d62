import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { normaliseTarget, type TargetResult } from '../../../src/networkproxy/path-normalisation.ts';

const piece = fc.constantFrom(
  ...[
    '/',
    '/',
    '/',
    '.',
    '..',
    'a',
    'b',
    '%2e',
    '%2E',
    '%61',
    '%7e',
    '%2f',
    '%5c',
    '%c3%a9',
    '%25',
    ';',
    '%3b',
    '?',
    '=',
    '\\',
    '%',
    '#',
    ' ',
  ],
);
const anyTarget = fc.array(piece, { maxLength: 16 }).map((pieces) => `/${pieces.join('')}`);

function targetOf(target: string): Extract<TargetResult, { kind: 'target' }> | undefined {
  const result = normaliseTarget(target);
  return result.kind === 'target' ? result : undefined;
}

describe('normaliseTarget', () => {
  it('does not change what it has made', () => {
    fc.assert(
      fc.property(anyTarget, (target) => {
        const once = targetOf(target);
        if (once !== undefined) assert.deepEqual(targetOf(once.target), once);
      }),
      { numRuns: 5000 },
    );
  });

  it('leaves no dot segment, no empty segment, and no unreserved character escaped', () => {
    fc.assert(
      fc.property(anyTarget, (target) => {
        const path = targetOf(target)?.path;
        if (path === undefined) return;
        assert.ok(path.startsWith('/'));
        assert.ok(!path.includes('//'), path);
        for (const segment of path.split('/')) assert.ok(!/^\.\.?(?:;|%3b|$)/i.test(segment), path);
        assert.ok(!/%(?:2[de]|3[0-9]|[46][1-9a-f]|[57][0-9a]|5f|7e)/i.test(path), path);
        assert.ok(!/%[0-9A-F]?[a-f]/.test(path), path);
        assert.ok(!/[\\#\s]|%2F|%5C/.test(path), path);
      }),
      { numRuns: 5000 },
    );
  });

  it('gives one path to every spelling of a segment', () => {
    const spelled = fc.constantFrom(...'abz09-._~').chain((character) => {
      const code = character.charCodeAt(0).toString(16);
      return fc.record({ character: fc.constant(character), spelling: fc.constantFrom(character, `%${code}`, `%${code.toUpperCase()}`) });
    });
    fc.assert(
      fc.property(fc.array(spelled, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 3 }), (parts, slashes) => {
        const plain = parts.map((part) => part.character).join('');
        const written = parts.map((part) => part.spelling).join('');
        assert.deepEqual(normaliseTarget(`${'/'.repeat(slashes)}x/${written}`), normaliseTarget(`/x/${plain}`));
      }),
    );
  });

  it('never touches the query', () => {
    fc.assert(
      fc.property(anyTarget, fc.string({ unit: fc.constantFrom(...'ab/.?%2f=&;'), maxLength: 20 }), (path, query) => {
        const plain = path.replaceAll('?', '');
        const result = targetOf(`${plain}?${query}`);
        if (result !== undefined) assert.equal(result.target, `${result.path}?${query}`);
        assert.equal(result?.path, targetOf(plain)?.path);
      }),
      { numRuns: 2000 },
    );
  });
});
