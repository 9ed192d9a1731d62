import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultParserLimits, type ResponseHead } from '../../../src/networkproxy/http1/message-handler.ts';
import { ResponseParser } from '../../../src/networkproxy/http1/response-parser.ts';
import { type Outcome, parseResponse, pieces, type ResponseInput } from './drive-parser.ts';
import { RecordingHandler } from './recording-handler.ts';

/** Parses the text whole and in pieces, and expects the same of each. */
function parse(text: string, input: ResponseInput = {}): Outcome<ResponseHead> {
  const whole = parseResponse(pieces(text, 1_000_000), input);
  for (const bytes of [1, 2, 3, 10, 100]) assert.deepEqual(parseResponse(pieces(text, bytes), input), whole, `in pieces of ${bytes}`);
  return whole;
}

function messageOf(text: string, input: ResponseInput = {}): Outcome<ResponseHead>['messages'][number] {
  const outcome = parse(text, input);
  assert.equal(outcome.rule, undefined);
  assert.equal(outcome.complete, 1);
  return outcome.messages[0]!;
}

describe('ResponseParser: a head', () => {
  it('comes with everything that the model has', () => {
    const { head, body } = messageOf(
      'HTTP/1.1 404 Not Found\r\nServer: s\r\nContent-Length: 2\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\nno',
    );
    assert.deepEqual(head, {
      status: 404,
      reason: 'Not Found',
      headers: ['server', 's', 'content-length', '2', 'set-cookie', 'a', 'set-cookie', 'b'],
      version: 11,
      body: { kind: 'length', bytes: 2 },
      keepAlive: true,
      upgrade: undefined,
    });
    assert.equal(body, 'no');
  });

  it('may have an empty reason, with or without its space', () => {
    assert.equal(messageOf('HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n').head.reason, '');
    assert.equal(messageOf('HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n').head.reason, '');
    assert.equal(messageOf('HTTP/1.1 200 \xc9\t!\r\nContent-Length: 0\r\n\r\n').head.reason, '\xc9\t!');
  });

  it('may have any status of three digits from 200', () => {
    for (const status of [200, 299, 418, 599, 999])
      assert.equal(messageOf(`HTTP/1.1 ${status} x\r\nContent-Length: 0\r\n\r\n`).head.status, status);
  });

  it('loses the fields of this hop, but not those that Connection may not name', () => {
    const { head } = messageOf(
      'HTTP/1.1 200 OK\r\nConnection: close, X-Hop, Set-Cookie\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nSet-Cookie: a\r\nX_Under: b\r\nContent-Length: 0\r\n\r\n',
    );
    assert.deepEqual(head.headers, ['set-cookie', 'a', 'x_under', 'b', 'content-length', '0'], 'underscores are a worry of requests alone');
    assert.equal(head.keepAlive, false);
  });

  it('may repeat an equal Content-Length, which is kept once', () => {
    const { head } = messageOf('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab');
    assert.deepEqual(head.headers, ['content-length', '2']);
  });
});

describe('ResponseParser: bodies', () => {
  it('without framing go on to the end of the connection', () => {
    const { head, body } = messageOf('HTTP/1.1 200 OK\r\n\r\nhello', { finish: true });
    assert.deepEqual(head.body, { kind: 'close' });
    assert.equal(head.keepAlive, false);
    assert.equal(body, 'hello');
    assert.equal(parse('HTTP/1.1 200 OK\r\n\r\nhello').complete, 0);
  });

  it('in chunks end with the last one', () => {
    const outcome = parse(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nGrpc-Status: 0\r\nSet-Cookie: x\r\n\r\nrest',
    );
    assert.equal(outcome.messages[0]?.body, 'abc');
    assert.deepEqual(outcome.messages[0]?.trailers, ['grpc-status', '0']);
    assert.equal(outcome.rest, 'rest');
  });

  it('do not exist in answers to HEAD and in 304, whose length is kept', () => {
    const head = messageOf('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', { method: 'HEAD' }).head;
    assert.deepEqual(head.body, { kind: 'none' });
    assert.deepEqual(head.headers, ['content-length', '5']);
    assert.equal(head.keepAlive, true);
    assert.deepEqual(messageOf('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n').head.body, { kind: 'none' });
    assert.deepEqual(messageOf('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', { method: 'HEAD' }).head.headers, []);
    assert.deepEqual(messageOf('HTTP/1.1 200 OK\r\n\r\n', { method: 'HEAD' }).head.keepAlive, true);
  });

  it('do not exist in 204, whose zero length is taken out', () => {
    const head = messageOf('HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nX-A: b\r\n\r\n').head;
    assert.deepEqual(head.body, { kind: 'none' });
    assert.deepEqual(head.headers, ['x-a', 'b']);
  });

  it('leave bytes that come behind them to the caller', () => {
    const outcome = parse('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n\r\n');
    assert.equal(outcome.complete, 1);
    assert.equal(outcome.messages[0]?.body, 'ab');
    assert.equal(outcome.rest, 'HTTP/1.1 200 OK\r\n\r\n');
  });
});

describe('ResponseParser: informational answers', () => {
  it('come before the final one', () => {
    const outcome = parse(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab',
    );
    assert.deepEqual(
      outcome.informational.map((head) => [head.status, head.headers]),
      [
        [100, []],
        [103, ['link', '</a>']],
      ],
    );
    assert.equal(outcome.messages[0]?.head.status, 200);
    assert.equal(outcome.messages[0]?.body, 'ab');
  });

  it('of status 101 end HTTP on the connection when an upgrade was asked for', () => {
    const text =
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: a\r\n\r\n\x81\x02hi';
    const outcome = parse(text, { upgradeAsked: true });
    assert.equal(outcome.messages[0]?.head.upgrade, 'websocket');
    assert.deepEqual(outcome.messages[0]?.head.headers, ['sec-websocket-accept', 'a']);
    assert.equal(outcome.complete, 1);
    assert.equal(outcome.rest, '\x81\x02hi');
  });
});

describe('ResponseParser: keep-alive', () => {
  it('follows version and Connection', () => {
    const keepAlive = (version: string, line: string) =>
      messageOf(`HTTP/${version} 200 OK\r\nContent-Length: 0\r\n${line}\r\n`).head.keepAlive;
    assert.equal(keepAlive('1.1', ''), true);
    assert.equal(keepAlive('1.1', 'Connection: close\r\n'), false);
    assert.equal(keepAlive('1.0', ''), false);
    assert.equal(keepAlive('1.0', 'Connection: keep-alive\r\n'), true);
  });
});

describe('ResponseParser: its life', () => {
  it('reads one answer for each start, and nothing without one', () => {
    const handler = new RecordingHandler<ResponseHead>();
    const parser = new ResponseParser(defaultParserLimits, handler);
    const answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab');
    assert.equal(parser.execute(answer), 0);
    for (let i = 1; i <= 3; i++) {
      parser.startResponse('GET', false);
      assert.equal(parser.isActive, true);
      assert.equal(parser.execute(answer), answer.length);
      assert.equal(parser.isActive, false);
      assert.equal(handler.complete, i);
    }
    assert.equal(parser.execute(answer), 0);
    assert.equal(parser.failure, undefined);
  });

  it('starts afresh after a failure', () => {
    const handler = new RecordingHandler<ResponseHead>();
    const parser = new ResponseParser(defaultParserLimits, handler);
    parser.startResponse('GET', false);
    parser.execute(Buffer.from('nonsense\r\n\r\n'));
    assert.equal(parser.failure?.rule, 'bad-status-line');
    parser.startResponse('GET', false);
    assert.equal(parser.failure, undefined);
    parser.execute(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    assert.equal(handler.complete, 1);
  });
});
