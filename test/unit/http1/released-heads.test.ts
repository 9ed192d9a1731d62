import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { defaultParserLimits } from '../../../src/networkproxy/http1/message-handler.ts';
import { RequestParser } from '../../../src/networkproxy/http1/request-parser.ts';
import { ResponseParser } from '../../../src/networkproxy/http1/response-parser.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Keeps nothing of a message but a reference that does not hold its list of fields. */
class Forgetting {
  fields: WeakRef<readonly string[]> | undefined;

  onHead(head: { readonly headers: readonly string[] }): void {
    this.fields = new WeakRef(head.headers);
  }
  onInformational(): void {}
  onBody(): void {}
  onEnd(): void {}
}

async function isReleased(handler: Forgetting): Promise<boolean> {
  assert.ok(handler.fields !== undefined, 'there was a message');
  for (let i = 0; i < 20 && handler.fields.deref() !== undefined; i++) {
    await new Promise((resolve) => setImmediate(resolve)); // a WeakRef holds its target for the rest of its turn
    collectGarbage();
  }
  return handler.fields.deref() === undefined;
}

test('a request parser between two messages keeps nothing of the last head', async () => {
  const handler = new Forgetting();
  const parser = new RequestParser(defaultParserLimits, 'http', handler);
  parser.execute(Buffer.from('GET / HTTP/1.1\r\nHost: a.example\r\nX-Long: some value of the head\r\n\r\n'));
  assert.equal(await isReleased(handler), true);
  assert.equal(parser.midMessage, false);
});

test('a response parser between two messages keeps nothing of the last head', async () => {
  const handler = new Forgetting();
  const parser = new ResponseParser(defaultParserLimits, handler);
  parser.startResponse('GET', false);
  parser.execute(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Long: some value of the head\r\n\r\n'));
  assert.equal(await isReleased(handler), true);
  assert.equal(parser.isActive, false);
});
