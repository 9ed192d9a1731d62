import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MapEdit } from '../../../src/routes/map-edit.ts';
import { PatchedMap } from '../../../src/routes/patched-map.ts';

/** Large enough to be patched instead of copied. */
function large(): Map<string, number> {
  return new Map(Array.from({ length: 1000 }, (_, index) => [`key ${index}`, index]));
}

function sorted(map: ReadonlyMap<string, number>): (readonly [string, number])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Every way to read a map says the same as the plain one. */
function assertSame(actual: ReadonlyMap<string, number>, expected: ReadonlyMap<string, number>): void {
  const visited = new Map<string, number>();
  actual.forEach((value, key) => {
    visited.set(key, value);
  });
  assert.deepEqual(sorted(actual), sorted(expected));
  assert.deepEqual(sorted(visited), sorted(expected));
  assert.deepEqual([...actual.entries()], [...actual]);
  assert.deepEqual(
    [...actual.keys()],
    [...actual].map(([key]) => key),
  );
  assert.deepEqual(
    [...actual.values()],
    [...actual].map(([, value]) => value),
  );
  assert.equal(actual.size, expected.size);
  for (const key of [...expected.keys(), 'key 0', 'new 0', 'nowhere']) {
    assert.equal(actual.get(key), expected.get(key));
    assert.equal(actual.has(key), expected.has(key));
  }
}

describe('MapEdit', () => {
  test('a few changes of a large map are kept beside it, and many, or those of a small one, make a copy', () => {
    const base = large();
    const few = new MapEdit(base);
    few.set('new', 1);
    assert.ok(few.finish() instanceof PatchedMap);
    const many = new MapEdit(base);
    for (let i = 0; i < 300; i++) many.set(`new ${i}`, i);
    assert.ok(many.finish() instanceof Map);
    const small = new MapEdit(new Map([['key', 1]]));
    small.set('key', 2);
    assert.ok(small.finish() instanceof Map);
  });

  test('without a change it is the same map', () => {
    const base = large();
    const edit = new MapEdit<number>(base);
    assert.equal(edit.delete('nowhere'), false);
    assertSame(edit.finish(), base);
    assert.equal(new MapEdit(base).finish(), base);
  });

  test('any edits, one after the other, leave what a plain map has, and every map before as it was', () => {
    const key = fc.oneof(
      fc.integer({ min: 0, max: 20 }).map((index) => `key ${index}`),
      fc.integer({ min: 0, max: 400 }).map((index) => `new ${index}`),
    );
    const change = fc.tuple(key, fc.option(fc.nat(9)));
    const edits = fc.array(fc.array(change, { maxLength: 120 }), { maxLength: 6 });
    let patched = 0;
    fc.assert(
      fc.property(edits, (history) => {
        let map: ReadonlyMap<string, number> = large();
        const model = large();
        const seen: [ReadonlyMap<string, number>, ReadonlyMap<string, number>][] = [];
        for (const changes of history) {
          const edit = new MapEdit(map);
          for (const [name, value] of changes) {
            if (value === null) assert.equal(edit.delete(name), model.delete(name));
            else {
              edit.set(name, value);
              model.set(name, value);
            }
          }
          map = edit.finish();
          if (map instanceof PatchedMap) patched++;
          seen.push([map, new Map(model)]);
        }
        for (const [actual, expected] of seen) assertSame(actual, expected);
      }),
      { numRuns: 50 },
    );
    assert.ok(patched > 20, `only ${patched} of the maps were patched`);
  });
});
