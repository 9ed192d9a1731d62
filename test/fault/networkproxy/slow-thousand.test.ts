import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Backend, hello } from '../../feature/networkproxy/backend.ts';
import { Harness } from '../../feature/networkproxy/harness.ts';
import { eventually, get, RawClient, statusOf } from '../../feature/networkproxy/raw-client.ts';

const clients = 1000;

/** What slow clients do: part of a request at first, a little more now and then, and never the rest. */
const modes: Readonly<Record<string, { readonly first: string; readonly drip: string }>> = {
  'drip a head': { first: 'GET / HTTP/1.1\r\nHost: a.example\r\n', drip: 'X-A: b\r\n' },
  'drip a body': { first: 'POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\n', drip: '' },
  'ask and do not read': { first: 'GET /large HTTP/1.1\r\nHost: a.example\r\n\r\n', drip: '' },
};

/** More than the buffers of both sockets hold. */
const large = `HTTP/1.1 200 OK\r\ncontent-length: 20000000\r\n\r\n${'x'.repeat(1_000_000)}`;

describe(`${clients} slow clients`, () => {
  for (const [mode, { first, drip }] of Object.entries(modes)) {
    test(`that ${mode} take nothing from the others, and all are gone when their time is over`, async () => {
      await using backend = await Backend.start((socket, text) => {
        if (text.startsWith('GET /good')) socket.write(hello);
        else if (text.startsWith('GET /large')) socket.write(large);
      });
      await using harness = await Harness.start({
        routes: [{ endpoints: [backend.port] }, { path: '/good', endpoints: [backend.port] }],
        config: { headerTimeoutMs: 3000, bodyTimeoutMs: 3000, maxConnectionsPerEndpoint: 3000 },
      });
      const slow: RawClient[] = [];
      for (let i = 0; i < clients; i += 100)
        slow.push(...(await Promise.all(Array.from({ length: 100 }, () => RawClient.connect(harness.port)))));
      for (const client of slow) {
        if (mode === 'ask and do not read') client.socket.pause();
        client.write(first);
      }
      let served = 0;
      while (harness.proxy.connectedClients > 0) {
        assert.equal(statusOf(await get(harness.port, '/good')), 200, 'served all through');
        served++;
        if (drip !== '') for (const client of slow.slice(served % 10).filter((_, i) => i % 10 === 0)) if (!client.ended) client.write(drip);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.ok(served > 0);
      await eventually(() => harness.proxy.poolStatus.active === 0, 'no upstream in use');
      await eventually(() => harness.wheel.size === harness.proxy.poolStatus.idle, 'no deadline left but those of idle upstreams');
      for (const client of slow) client[Symbol.dispose]();
    });
  }
});
