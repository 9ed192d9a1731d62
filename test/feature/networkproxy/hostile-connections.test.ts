import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connectionRules } from '../../../src/networkproxy/http2/connection-rule.ts';
import { hostileConnections } from '../../corpus/http2/hostile-connections.ts';
import { framesOf, frameTypes, RawHttp2 } from '../../tools/raw-http2.ts';
import { Backend, hello } from './backend.ts';
import { Harness } from './harness.ts';
import { RawClient } from './raw-client.ts';

describe('a hostile HTTP/2 connection to the proxy', () => {
  let backend: Backend;
  let harness: Harness;
  let bystander: RawHttp2;
  let asked = 0;

  before(async () => {
    backend = await Backend.start((socket, text) => {
      if (text.includes('/good')) socket.write(hello);
    });
    harness = await Harness.start({ routes: [{ endpoints: [backend.port] }], config: { h2c: true } });
    bystander = await RawHttp2.connect(harness.port);
  });
  after(async () => {
    bystander[Symbol.dispose]();
    await harness[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
  });

  for (const { rule, name, bytes } of hostileConnections.filter(({ onlyOnPaper }) => onlyOnPaper !== true)) {
    it(`is told its rule in a GOAWAY and harms no other: ${rule}: ${name}`, async () => {
      using client = await RawClient.connect(harness.port);
      client.write(bytes.toString('latin1'));
      const frames = framesOf(Buffer.from(await client.untilEnd(), 'latin1'));
      const last = frames.findLast(({ type }) => type === frameTypes.goaway);
      assert.equal(last?.payload.readUInt32BE(4), connectionRules[rule].code);
      assert.equal(last?.payload.toString('latin1', 8), rule);
      assert.equal(await bystander.get(1 + 2 * asked++, '/good'), 200);
    });
  }

  it('leaves no request behind', async () => {
    await bystander.until(() => harness.proxy.connectedClients === 1);
    assert.equal(harness.proxy.poolStatus.active, 0);
  });
});
