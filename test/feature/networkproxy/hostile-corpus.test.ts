import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { defaultParserLimits } from '../../../src/networkproxy/http1/message-handler.ts';
import { requestFailure } from '../../../src/networkproxy/http1/parse-rule.ts';
import { RequestParser } from '../../../src/networkproxy/http1/request-parser.ts';
import { type HostileMessage, hostileRequests } from '../../corpus/http1/hostile-requests.ts';
import { hostileResponses } from '../../corpus/http1/hostile-responses.ts';
import { Backend } from './backend.ts';
import { Harness } from './harness.ts';
import { eventually, exchange, RawClient, statusOf } from './raw-client.ts';

/** Follows each hostile request, as the request that an attacker would like a backend to see. */
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n';

describe('a hostile request to the proxy', () => {
  let backend: Backend;
  let harness: Harness;

  before(async () => {
    backend = await Backend.start(() => {});
    harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
  });
  after(async () => {
    await harness[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
  });

  for (const { rule, name, text } of hostileRequests) {
    it(`is answered ${requestFailure(rule).status}, and nothing behind it is read: ${rule}: ${name}`, async () => {
      const seenBefore = backend.received.length;
      const answer = await exchange(harness.port, text + smuggled);
      assert.equal(statusOf(answer), requestFailure(rule).status);
      assert.equal(answer.split('HTTP/1.1 ').length, 2, 'one answer');
      assert.match(answer, /\r\nconnection: close\r\n/i);
      for (const received of backend.received.slice(seenBefore)) assertIncomplete(received);
    });
  }

  for (const { rule, name, text } of hostileRequests.filter(hasGoodHead)) {
    it(`that was being forwarded is never completed: ${rule}: ${name}`, async () => {
      const connection = backend.received.length;
      const bodyStart = text.indexOf('\r\n\r\n') + 4;
      using client = await RawClient.connect(harness.port);
      client.write(text.slice(0, bodyStart));
      await eventually(() => backend.received[connection]?.endsWith('\r\n\r\n') === true, 'the head at the backend');
      client.write(text.slice(bodyStart) + smuggled);
      assert.equal(statusOf(await client.untilEnd()), requestFailure(rule).status);
      await eventually(
        () => backend.sockets[connection]?.readableEnded === true || backend.sockets[connection]?.destroyed === true,
        'the end',
      );
      assertIncomplete(backend.received[connection] ?? '');
    });
  }

  it('of the whole corpus has left nothing smuggled at the backend', () => {
    assert.ok(!backend.received.some((received) => received.includes('/smuggled')));
  });
});

/** Only the body is hostile: the head has been forwarded when that shows. */
function hasGoodHead({ text }: HostileMessage): boolean {
  const handler = { onHead() {}, onBody() {}, onEnd() {} };
  const parser = new RequestParser(defaultParserLimits, 'http', handler);
  parser.execute(Buffer.from(text.slice(0, text.indexOf('\r\n\r\n') + 4), 'latin1'));
  return parser.failure === undefined && parser.midMessage && text.includes('\r\n\r\n');
}

/** What a backend may have of a request whose body turned out hostile: one chunked message that has not ended. */
function assertIncomplete(received: string): void {
  assert.equal(received.split('HTTP/1.1\r\n').length, received === '' ? 1 : 2, received);
  if (received === '') return;
  assert.match(received, /\r\ntransfer-encoding: chunked\r\n/);
  assert.ok(!received.includes('\r\n0\r\n'), received);
}

describe('a hostile answer to the proxy', () => {
  for (const { rule, name, text, method = 'GET', upgradeAsked = false } of hostileResponses) {
    it(`is never taken for a whole one: ${rule}: ${name}`, async () => {
      await using backend = await Backend.start((socket) => socket.end(text, 'latin1'));
      await using harness = await Harness.start({ routes: [{ endpoints: [backend.port] }] });
      const upgrade = upgradeAsked ? 'Connection: upgrade\r\nUpgrade: websocket\r\n' : '';
      const answer = await exchange(harness.port, `${method} / HTTP/1.1\r\nHost: a.test\r\n${upgrade}\r\n${smuggled}`);
      const final = answer.replaceAll(/HTTP\/1\.1 1\d\d [^\r]*\r\n(?:[^\r]+\r\n)*\r\n/g, '');
      if (statusOf(final) === 200) assertCut(final);
      else if (final !== '') assert.equal(statusOf(final), 502, final);
    });
  }
});

/** A client can see that the answer is not whole. */
function assertCut(answer: string): void {
  const length = /\r\ncontent-length: (\d+)\r\n/.exec(answer)?.[1];
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  if (length !== undefined) assert.ok(body.length < Number(length), answer);
  else assert.ok(/\r\ntransfer-encoding: chunked\r\n/.test(answer) && !/(?:^|\r\n)0\r\n/.test(body), answer);
}
