import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnswerSink } from '../../../../src/networkproxy/answer-stage.ts';
import { AnswerBuffer } from '../../../../src/networkproxy/buffering/answer-buffer.ts';
import { BufferRoom } from '../../../../src/networkproxy/buffering/buffer-room.ts';
import type { OverloadGuard } from '../../../../src/networkproxy/overload/overload-guard.ts';
import { WorkerCounters } from '../../../../src/observability/counters/worker-counters.ts';

class Client implements AnswerSink {
  readonly got: string[] = [];
  /** How many chunks more it takes. */
  takes = 0;
  rooms = 0;
  ends = 0;
  onStageData(chunk: Buffer): boolean {
    this.got.push(String(chunk));
    return --this.takes > 0;
  }
  onStageRoom(): void {
    this.rooms++;
  }
  onStageEnd(): void {
    this.ends++;
  }
  onStageFailed(): void {}
}

function room(memoryShareBytes = 0): { readonly room: BufferRoom; readonly held: () => number } {
  const counters = new WorkerCounters();
  return { room: new BufferRoom({ memoryShareBytes } as OverloadGuard, counters), held: () => counters.gauges.routeBufferBytes() };
}

test('AnswerBuffer: passes through while the client takes, holds while it does not, in order, and ends when all is out', () => {
  const client = new Client();
  const { room: memory, held } = room();
  const buffer = new AnswerBuffer(100, client, memory);
  client.takes = 2;
  const shared = Buffer.alloc(1);
  for (const letter of 'abcdef') {
    shared.write(letter);
    buffer.write(shared);
    assert.equal(buffer.turn(), true);
  }
  assert.deepEqual([client.got.join(''), held()], ['ab', 4]);
  buffer.end();
  assert.equal(client.ends, 0);
  client.takes = 1;
  buffer.resume();
  assert.deepEqual([client.got.join(''), held(), client.ends], ['abc', 3, 0]);
  client.takes = 10;
  buffer.resume();
  assert.deepEqual([client.got.join(''), held(), client.ends], ['abcdef', 0, 1]);
});

test('AnswerBuffer: full it holds the backend, and lets it go on when all is out', () => {
  const client = new Client();
  const { room: memory, held } = room();
  const buffer = new AnswerBuffer(3, client, memory);
  buffer.pause();
  for (const letter of 'ab') buffer.write(Buffer.from(letter));
  assert.equal(buffer.turn(), true);
  buffer.write(Buffer.from('c'));
  assert.deepEqual([buffer.turn(), held()], [false, 3]);
  client.takes = 1;
  buffer.resume();
  assert.deepEqual([client.rooms, buffer.turn()], [0, false]);
  client.takes = 10;
  buffer.resume();
  assert.deepEqual([client.rooms, buffer.turn(), client.got.join('')], [1, true, 'abc']);
  buffer.end();
  assert.equal(client.ends, 1);
});

test('AnswerBuffer: without room in the worker it is full at once; given up it gives all back', () => {
  const client = new Client();
  const { room: memory, held } = room(80);
  const buffer = new AnswerBuffer(1000, client, memory);
  buffer.pause();
  buffer.write(Buffer.alloc(10));
  assert.equal(buffer.turn(), true);
  buffer.write(Buffer.alloc(10));
  assert.deepEqual([buffer.turn(), held()], [false, 20]);
  buffer.destroy();
  buffer.destroy();
  buffer.resume();
  buffer.end();
  assert.deepEqual([held(), client.got.length, client.ends], [0, 0, 0]);
  assert.equal(memory.take(10), true);
  assert.equal(memory.take(1), false);
});
