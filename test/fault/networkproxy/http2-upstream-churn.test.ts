import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf } from '../../feature/networkproxy/http2-client.ts';
import { Setup } from '../../feature/networkproxy/http2-upstream-kit.ts';
import { eventually } from '../../feature/networkproxy/raw-client.ts';
import { bodyOf, FrameBackend, type FrameRequest } from '../../tools/frame-backend.ts';
import { endStream, errorCodes, settingIds } from '../../tools/raw-http2.ts';

/** A small generator (mulberry32), so that a failing run can be had again by its seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * below);
  };
}

const rounds = 12;
const perRound = 50;

for (const seed of [1, 2, 3]) {
  test(`whatever backends, clients and table changes do to shared connections, nothing is left and nothing is mixed up (seed ${seed})`, async () => {
    const random = randomOf(seed);
    const act = (request: FrameRequest): void => {
      const { connection, stream, fields } = request;
      const echo = `${fields[':path']} ${bodyOf(request).length}`;
      switch (random(14)) {
        case 0:
          connection.reset(stream, errorCodes.refusedStream);
          break;
        case 1:
          connection.reset(stream, errorCodes.internalError);
          break;
        case 2:
          connection.goaway(random(stream + 2));
          break;
        case 3:
          connection.socket.end();
          break;
        case 4:
          // Node never closes a socket that is reset after its end().
          if (!connection.socket.writableEnded) connection.socket.resetAndDestroy();
          break;
        case 5:
          connection.settings([[settingIds.maxConcurrentStreams, 1 + random(8)]]);
          connection.answer(stream, echo);
          break;
        case 6:
          connection.headers(stream, [[':status', '200']]);
          connection.reset(stream, errorCodes.cancel);
          break;
        case 7:
          connection.settings([[settingIds.initialWindowSize, random(70_000)]]);
          connection.answer(stream, echo);
          break;
        case 8:
          connection.headers(stream, [[':status', '200']]);
          setImmediate(() => connection.data(stream, echo, endStream));
          break;
        default:
          connection.answer(stream, echo);
      }
    };
    await using one = await FrameBackend.start({ onRequest: act, settings: [[settingIds.maxConcurrentStreams, 5]] });
    await using two = await FrameBackend.start({ onRequest: act });
    const policy = { timeouts: { readMs: 300, sendMs: 300, connectMs: 300 } };
    await using setup = await Setup.start([one, two], { policy });
    const service = { protocol: 'h2c' } as const;
    let whole = 0;
    for (let round = 0; round < rounds; round++) {
      const answers = Array.from({ length: perRound }, async (_, i) => {
        const path = `/${round}/${i}`;
        const size = random(3) === 0 ? random(90_000) : 0;
        const stream = setup.client.open(path, size > 0 ? { method: 'POST' } : {}, size === 0);
        const answer = answerOf(stream).catch(() => undefined);
        if (size > 0) stream.end(Buffer.alloc(size));
        if (random(6) === 0) setTimeout(() => stream.close(errorCodes.cancel), random(12));
        const seen = await answer;
        // Node tells a stream that was cancelled as one that has ended.
        if (seen?.status !== 200 || stream.rstCode !== errorCodes.noError) return;
        assert.equal(seen.body, `${path} ${size}`);
        whole++;
      });
      const endpoints = random(3) === 0 ? [two.port] : [one.port, two.port];
      setup.harness.change({ routes: [{ endpoints, service, policy }] });
      await Promise.all(answers);
    }
    assert.ok(whole > perRound, `${whole} answers were whole`);
    await eventually(() => setup.active === 0, 'no request at the endpoints');
    assert.equal(setup.harness.requests.length, rounds * perRound, 'each request is in the log once');
    assert.ok([...one.connections, ...two.connections].every(({ mostOpen }) => mostOpen <= 100));
    await setup.expectNothingLeft(one, two);
  });
}
