import { runClient } from '../load-client.ts';
import { wrk } from '../load-wrk.ts';
import { busyConnections, plainUrl, type TrafficCase } from './traffic-case.ts';

/** Fewer than elsewhere: our client spends more on a handshake than any proxy does. */
const handshakesAtOnce = 16;

function handshake(name: string, resume: boolean): TrafficCase {
  return {
    name,
    unit: 'connection',
    mode: 'base',
    judge: 'nginx',
    twoThirds: false,
    loadFor:
      ({ httpsPort }) =>
      (seconds) =>
        runClient('handshakes', { port: httpsPort, seconds, connections: handshakesAtOnce, resume }),
  };
}

/** A connection for each request. */
export const connectionCases: readonly TrafficCase[] = [
  {
    name: 'new-connection',
    unit: 'connection',
    mode: 'base',
    judge: 'nginx',
    budget: { gate: 3, stretch: 2.5 },
    twoThirds: false,
    loadFor: (peer) => (seconds) => wrk({ url: plainUrl(peer), seconds, connections: busyConnections, headers: ['Connection: close'] }),
  },
  handshake('tls-handshake-full', false),
  handshake('tls-handshake-resumed', true),
];
