import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bytesOf, digestOf, nothing, PayloadCheck } from '../../tools/soak/payload.ts';
import type { SoakBackend } from '../../tools/soak/soak-backend.ts';
import { stampNames } from '../../tools/soak/stamps.ts';
import { judge, type Received, type Sent } from '../../tools/soak/verdict.ts';
import { SoakCell, SoakEndpoint, SoakHost, SoakService } from '../../tools/soak/world.ts';

/** A path that leads to one service with one ready endpoint, a request to it and its right answer. */
function scene(): { cell: SoakCell; service: SoakService; endpoint: SoakEndpoint; sent: Sent; received: Received } {
  const service = new SoakService('a', 'http1');
  const endpoint = new SoakEndpoint({ name: 'a-0', port: 1 } as SoakBackend);
  service.endpoints.push(endpoint);
  service.setState(endpoint, 'ready');
  service.settle(performance.now());
  const cell = new SoakCell(new SoakHost('one.soak.test', []), '/p', service, 'moving');
  const target = '/p/body?bytes=10';
  const answer = { offset: 5, bytes: 10 };
  const startMs = performance.now() + 1;
  const sent: Sent = { client: 'c', cell, method: 'GET', target, secure: false, ask: 'c-1', upload: nothing, status: 200, answer, startMs };
  const headers = {
    [stampNames.backend]: 'a-0',
    [stampNames.ask]: 'c-1',
    [stampNames.saw]: `GET one.soak.test ${target}`,
    [stampNames.received]: digestOf(bytesOf(nothing)),
  };
  const rest = { bodyBytes: 10, bodyProblem: undefined, text: '', whole: true, error: undefined, endMs: startMs + 1 };
  return { cell, service, endpoint, sent, received: { status: 200, headers, ...rest } };
}

const own = (received: Received, status: number, text: string): Received => ({
  ...received,
  status,
  headers: {},
  text: `${status} ${text}\n`,
});

describe('the verdict of a soak', () => {
  test('lets the right answer pass', () => {
    const { sent, received } = scene();
    assert.deepEqual(judge(sent, received), { kind: 'right' });
  });

  test('finds everything that can be wrong with an answer', () => {
    const { sent, received } = scene();
    const stamped = (name: string, value: string): Received => ({ ...received, headers: { ...received.headers, [name]: value } });
    const wrongs: readonly Received[] = [
      { ...received, status: 0 },
      { ...received, status: 404 },
      { ...received, bodyBytes: 9 },
      { ...received, bodyProblem: 'wrong' },
      { ...received, whole: false },
      stamped(stampNames.backend, 'b-0'),
      stamped(stampNames.ask, 'c-2'),
      stamped(stampNames.saw, 'GET other /p'),
      stamped(stampNames.received, '1 abc'),
      own(received, 404, 'No route for this path'),
      own(received, 502, 'The backend closed the connection without an answer'),
      own(received, 200, 'something'),
    ];
    for (const each of wrongs) assert.equal(judge(sent, each).kind, 'wrong', JSON.stringify(each));
  });

  test('takes old and new for right until a change is served, and the new alone from then on', () => {
    const { cell, service, sent, received } = scene();
    const gone = own(received, 404, 'No route for this path');
    const during = (): Sent => ({ ...sent, startMs: performance.now() });
    const ended = (answer: Received): Received => ({ ...answer, endMs: performance.now() });
    cell.target.begin(undefined);
    assert.equal(judge(during(), ended(received)).kind, 'right');
    assert.deepEqual(judge(during(), ended(gone)), { kind: 'expected', flag: 'no_path' });
    cell.target.settle(performance.now());
    const after = { ...sent, startMs: performance.now() + 1 };
    assert.equal(judge(after, { ...received, endMs: after.startMs + 1 }).kind, 'wrong');
    assert.equal(judge(after, { ...gone, endMs: after.startMs + 1 }).kind, 'expected');
    assert.deepEqual(cell.target.during(after.startMs, after.startMs), [undefined]);
    assert.equal(service.name, 'a');
  });

  test('allows errors of a backend only around its kill', () => {
    const { service, sent, received } = scene();
    service.killed.begin(true);
    const during = { ...sent, startMs: performance.now() };
    const endMs = performance.now();
    const reset = own({ ...received, endMs }, 502, 'The backend closed the connection without an answer');
    assert.deepEqual(judge(during, reset), { kind: 'expected', flag: 'upstream_reset' });
    assert.deepEqual(judge(during, { ...received, endMs, whole: false }), { kind: 'expected', flag: 'upstream_truncated' });
    service.killed.begin(false);
    service.settle(performance.now());
    const after = { ...sent, startMs: performance.now() + 1 };
    assert.equal(judge(after, { ...reset, endMs: after.startMs + 1 }).kind, 'wrong');
  });

  test('names the first byte that differs, over pieces', () => {
    const check = new PayloadCheck(7);
    const due = Buffer.from(bytesOf({ offset: 7, bytes: 100 }));
    check.feed(due.subarray(0, 40));
    assert.equal(check.problem, undefined);
    due[60] = (due[60] as number) ^ 1;
    check.feed(due.subarray(40));
    assert.match(String(check.problem), /wrong from byte 60 on/);
  });
});
