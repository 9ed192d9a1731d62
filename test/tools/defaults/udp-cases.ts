import { type UdpDropReason, udpDropReasons } from '../../../src/observability/counters/udp.ts';
import { eventually } from '../eventually.ts';
import type { Program } from '../program.ts';
import { UdpPeer } from '../smartproxy/udp-peer.ts';
import { listener } from './connection-cases.ts';
import type { DefaultCase } from './default-case.ts';

const portOf = (program: Program): number => program.ports.get(listener) ?? 0;
const drops = (program: Program, reason: UdpDropReason): number =>
  program.dataPlane.snapshot().udpDropped[udpDropReasons.indexOf(reason)] ?? 0;

/** Defaults for sessions of datagrams. */
export const udpCases: readonly DefaultCase[] = [
  {
    inheritors: ['SmartRoute'],
    udp: { idleTimeout: '1s' },
    look: async (start) => {
      using server = await UdpPeer.server('a');
      using client = await UdpPeer.open();
      const program = await start([server.port]);
      await client.ask('x', portOf(program));
      const startMs = performance.now();
      await eventually('the session ended', () => program.dataPlane.snapshot().udpSessionsActive === 0);
      // As soon as that: without it, it is 30 s.
      return performance.now() - startMs < 15_000;
    },
    with: true,
  },
  ...(['maxSessions', 'maxSessionsPerAddress'] as const).map(
    (limit): DefaultCase => ({
      inheritors: ['SmartRoute'],
      udp: { [limit]: 1 },
      look: async (start) => {
        using server = await UdpPeer.server('a');
        using first = await UdpPeer.open();
        using second = await UdpPeer.open();
        const program = await start([server.port]);
        await first.ask('x', portOf(program));
        second.send('x', portOf(program));
        const { dataPlane } = program;
        await eventually('it is forwarded or dropped', () => {
          return dataPlane.snapshot().udpSessionsActive === 2 || drops(program, 'route_limit') + drops(program, 'ip_limit') > 0;
        });
        return [drops(program, 'route_limit'), drops(program, 'ip_limit')];
      },
      without: [0, 0],
      with: limit === 'maxSessions' ? [1, 0] : [0, 1],
    }),
  ),
];
