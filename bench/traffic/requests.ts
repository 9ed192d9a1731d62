import { h2load } from '../load-h2load.ts';
import { wrk } from '../load-wrk.ts';
import { type Budget, busyConnections, plainUrl, type TrafficCase, tlsUrl } from './traffic-case.ts';

const connections = busyConnections;

/** HTTP/2 over TLS with about as many requests in flight as the other cases have, however many share a connection. */
function http2(streams: number, connections: number, budget: Budget): TrafficCase {
  return {
    name: `http2-tls-${streams}`,
    unit: 'request',
    mode: 'base',
    judge: 'nginx',
    budget,
    twoThirds: true,
    loadFor: (peer) => (seconds) => h2load({ url: tlsUrl(peer), seconds, connections, streams }),
  };
}

/** Small requests with short answers. */
export const requestCases: readonly TrafficCase[] = [
  {
    name: 'http1',
    unit: 'request',
    mode: 'base',
    judge: 'nginx',
    budget: { gate: 1.25, stretch: 1 },
    twoThirds: true,
    loadFor: (peer) => (seconds) => wrk({ url: plainUrl(peer), seconds, connections }),
  },
  {
    name: 'http1-tls',
    unit: 'request',
    mode: 'base',
    judge: 'nginx',
    budget: { gate: 2, stretch: 1.5 },
    twoThirds: true,
    loadFor: (peer) => (seconds) => wrk({ url: tlsUrl(peer), seconds, connections }),
  },
  http2(1, 64, { gate: 1.5, stretch: 1 }),
  http2(16, 4, { gate: 0.8, stretch: 0.8 }),
  http2(100, 2, { gate: 0.8, stretch: 0.8 }),
];
