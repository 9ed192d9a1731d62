import { download, h2load, wrk } from './load.ts';
import type { Subject } from './measure.ts';
import { bulkBytes } from './peers/backend.ts';
import type { startHaproxy } from './peers/haproxy.ts';
import { benchHost, type Peer, passthroughHost } from './peers/peer.ts';

export interface Peers {
  readonly nginx: Peer;
  readonly haproxy: Awaited<ReturnType<typeof startHaproxy>>;
  readonly ours: Peer;
}

/** One row of the table: what is done, against whom it is judged, and the budget as a ratio to that peer. */
export interface TrafficCase {
  readonly name: string;
  readonly unit: string;
  readonly judge: 'nginx' | 'HAProxy';
  readonly budget: number;
  readonly stretch: number;
  readonly subjects: (peers: Peers) => readonly Subject[];
}

const connections = 64;

function requests(peer: Peer, url: string, headers: readonly string[] = []): Subject {
  return { peer: peer.name, pid: peer.pid, load: (seconds) => wrk(url, seconds, connections, headers) };
}

function bulk(peer: Peer, port: number): Subject {
  return { peer: peer.name, pid: peer.pid, load: async () => (await download(passthroughHost, port, '/bulk', 1)) / bulkBytes };
}

/** HTTP/2 over TLS with about as many requests in flight as the other cases have, however many share a connection. */
function http2(streams: number, connections: number, budget: number, stretch: number): TrafficCase {
  const subject = (peer: Peer, port: number): Subject => {
    const load = (seconds: number): Promise<number> => h2load(overTls(port), seconds, connections, streams);
    return { peer: peer.name, pid: peer.pid, load };
  };
  return {
    name: `http2-tls-${streams}`,
    unit: 'request',
    judge: 'nginx',
    budget,
    stretch,
    subjects: ({ nginx, haproxy, ours }) => [
      subject(nginx, nginx.httpsPort),
      subject(haproxy, haproxy.terminatedPort),
      subject(ours, ours.httpsPort),
    ],
  };
}

const plain = (peer: Peer): string => `http://${benchHost}:${peer.httpPort}/`;
const overTls = (port: number): string => `https://${benchHost}:${port}/`;

/** The traffic cases with the budgets of DESIGN section 5. */
export const trafficCases: readonly TrafficCase[] = [
  {
    name: 'http1',
    unit: 'request',
    judge: 'nginx',
    budget: 1.25,
    stretch: 1,
    subjects: ({ nginx, haproxy, ours }) => [nginx, haproxy, ours].map((peer) => requests(peer, plain(peer))),
  },
  {
    name: 'http1-tls',
    unit: 'request',
    judge: 'nginx',
    budget: 2,
    stretch: 1.5,
    subjects: ({ nginx, haproxy, ours }) => [
      requests(nginx, overTls(nginx.httpsPort)),
      requests(haproxy, overTls(haproxy.terminatedPort)),
      requests(ours, overTls(ours.httpsPort)),
    ],
  },
  http2(1, 64, 1.5, 1),
  http2(16, 4, 0.8, 0.8),
  http2(100, 2, 0.8, 0.8),
  {
    name: 'new-connection',
    unit: 'connection',
    judge: 'nginx',
    budget: 3,
    stretch: 2.5,
    subjects: ({ nginx, haproxy, ours }) => [nginx, haproxy, ours].map((peer) => requests(peer, plain(peer), ['Connection: close'])),
  },
  {
    name: 'passthrough',
    unit: 'GiB',
    judge: 'HAProxy',
    budget: 1.1,
    stretch: 1,
    subjects: ({ haproxy, ours }) => [bulk(haproxy, haproxy.httpsPort), bulk(ours, ours.httpsPort)],
  },
];
