import { wrk } from '../load-wrk.ts';
import { busyConnections, plainUrl, type TrafficCase } from './traffic-case.ts';

const connections = busyConnections;

/** The requests of case `http1` with something more to do for each. */
export const modeCases: readonly TrafficCase[] = [
  {
    name: 'access-log',
    unit: 'request',
    mode: 'access-log',
    judge: 'nginx',
    twoThirds: true,
    loadFor: (peer) => (seconds) => wrk({ url: plainUrl(peer), seconds, connections }),
  },
  {
    name: 'tracing-header',
    unit: 'request',
    mode: 'tracing',
    judge: 'nginx',
    twoThirds: true,
    loadFor: (peer) => (seconds) => wrk({ url: plainUrl(peer), seconds, connections }),
  },
  {
    name: 'many-routes',
    unit: 'request',
    mode: 'many-hosts',
    judge: 'nginx',
    twoThirds: true,
    loadFor:
      (peer, { manyHostsScript }) =>
      (seconds) =>
        wrk({ url: plainUrl(peer), seconds, connections, script: manyHostsScript }),
  },
];
