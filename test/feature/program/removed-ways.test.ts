import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../src/api/objects.ts';
import { eventually } from '../../tools/eventually.ts';
import { ingress, service, smartProxyConfig } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { assertBooks, endings } from '../../tools/program-books.ts';
import { TcpBackend, TcpTalk } from '../../tools/tcp-talk.ts';

const host = 'shop.example.com';
const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nbegun';
const streaming = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nbegun\r\n';

/** What begins for a request. */
const answerTo = (request: string): string => (/sec-websocket-key/i.test(request) ? switching : streaming);

async function talkTo(program: Program, more: string): Promise<TcpTalk> {
  const talk = new TcpTalk(program.httpPort);
  talk.socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`);
  await talk.until('begun');
  return talk;
}

for (const transport of ['handoff', 'loopback']) {
  describe(`a WebSocket and an answer over ${transport}`, () => {
    it('have drain.timeout, as it was last said, when their endpoint and then their route is gone', async () => {
      await using backend = await TcpBackend.start((socket) => {
        socket.once('data', (chunk) => socket.write(answerTo(chunk.toString('latin1'))));
      });
      const objects = service('s', backend.port) + ingress('shop', { rules: { [host]: [['/', 'Prefix', 's']] } });
      const drain = (timeout: string): string => smartProxyConfig({ drain: { timeout } });
      await using program = await Program.start(drain('1h') + objects, [`--network-proxy-transport=${transport}`]);
      const endAll = async (kind: KubeObject['kind'], name: string, reason: string): Promise<void> => {
        using webSocket = await talkTo(program, upgrade);
        using download = await talkTo(program, '');
        await program.remove(kind, `default/${name}`);
        for (const socket of backend.connections) socket.write('5\r\nstill\r\n');
        await Promise.all([webSocket.until('still'), download.until('still')]);
        await program.apply(drain('200ms'));
        await Promise.all([webSocket.untilEnd(), download.untilEnd()]);
        await eventually('the reason', () => endings(program)[`proxy/${reason}`] === 2);
        assert.ok(!download.text.endsWith('0\r\n\r\n'), 'it does not look whole');
        await program.apply(drain('1h') + objects);
      };
      await endAll('EndpointSlice', 's-0', 'endpoint_removed');
      await endAll('Ingress', 'shop', 'route_removed');
      assertBooks(program);
    });
  });
}
