import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProbeSlots } from '../../../../src/networkproxy/health/probe-slots.ts';

test('at most as many probes run as there are slots; the others wait in order, and one that is not needed any more takes none', () => {
  const slots = new ProbeSlots(2);
  const started: string[] = [];
  const take = (name: string, isNeeded = true) =>
    slots.take(() => {
      if (isNeeded) started.push(name);
      return isNeeded;
    });
  for (const name of ['a', 'b', 'c']) take(name);
  take('gone', false);
  take('d');
  take('e');
  assert.deepEqual(started, ['a', 'b']);
  slots.release();
  assert.deepEqual(started, ['a', 'b', 'c']);
  slots.release();
  assert.deepEqual(started, ['a', 'b', 'c', 'd']);
  slots.release();
  slots.release();
  assert.deepEqual(started, ['a', 'b', 'c', 'd', 'e']);
  slots.release();
  take('f');
  take('g');
  take('h');
  assert.deepEqual(started, ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
});
