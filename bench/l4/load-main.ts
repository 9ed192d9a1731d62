// The client's side of the L4 cases, a process in the client's network namespace: applies one kind of load for a while, and counts.
import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { encodeProxyV2 } from '../../src/proxy-header/encode-proxy-header.ts';
import { hello } from '../../test/tools/smartproxy/client-hello-bytes.ts';
import { clientAddress, forgetClosedConnections, type L4Load, type L4Outcome, passthroughHost } from './l4-load.ts';

const chunk = Buffer.alloc(256 * 1024);
const datagram = Buffer.alloc(64);

/** What clients of a service say before anything else. */
function openingOf({ service, host, port }: L4Load): Buffer {
  if (service === 'passthrough') return hello({ serverName: passthroughHost });
  if (service !== 'proxied') return Buffer.alloc(0);
  const addresses = { sourceAddress: clientAddress, sourcePort: 40_000, destinationAddress: host, destinationPort: port };
  return encodeProxyV2(addresses, []);
}

function dial({ host, port }: L4Load, opening: Buffer): Socket {
  const socket = connect({ host, port, noDelay: true });
  if (opening.length > 0) socket.write(opening);
  return socket;
}

/** Bytes that the other side took, over a few connections that must stay. */
function bulk(load: L4Load): Promise<L4Outcome> {
  const opening = openingOf(load);
  let failed = 0;
  const sockets = Array.from({ length: load.parallel }, () => dial(load, opening));
  for (const socket of sockets) {
    const pump = (): void => {
      while (socket.writable && socket.write(chunk));
    };
    socket
      .on('connect', pump)
      .on('drain', pump)
      .on('error', () => {})
      .on('close', () => failed++);
    socket.resume();
  }
  return new Promise((resolve) => {
    setTimeout(() => {
      const done = sockets.reduce((sum, socket) => sum + socket.bytesWritten - socket.writableLength, 0);
      resolve({ done, failed });
      for (const socket of sockets) socket.destroy();
    }, load.seconds * 1000);
  });
}

/** Connections that got the server's first byte and were closed in order. */
async function connections(load: L4Load): Promise<L4Outcome> {
  const opening = openingOf(load);
  const endMs = performance.now() + load.seconds * 1000;
  let done = 0;
  let failed = 0;
  const one = (finished: () => void): void => {
    if (performance.now() >= endMs) {
      finished();
      return;
    }
    const socket = dial(load, opening);
    let answered = false;
    socket.once('data', () => {
      answered = true;
      socket.end();
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      if (answered) done++;
      else failed++;
      one(finished);
    });
  };
  await Promise.all(Array.from({ length: load.parallel }, () => new Promise<void>((resolve) => one(resolve))));
  return { done, failed };
}

/** Datagrams that came back, each from a client of its own that sends the next one then, or when it has waited for too long. */
function datagrams({ host, port, seconds, parallel }: L4Load): Promise<L4Outcome> {
  let done = 0;
  const sockets = Array.from({ length: parallel }, () => createSocket('udp4'));
  const stops = sockets.map((socket) => {
    let answered = false;
    const send = (): void => socket.send(datagram, port, host, () => {});
    socket.on('message', () => {
      done++;
      answered = true;
      send();
    });
    const again = setInterval(() => {
      if (!answered) send();
      answered = false;
    }, 200);
    send();
    return () => {
      clearInterval(again);
      socket.close();
    };
  });
  return new Promise((resolve) => {
    setTimeout(() => {
      for (const stop of stops) stop();
      resolve({ done, failed: 0 });
    }, seconds * 1000);
  });
}

forgetClosedConnections();

const loads = { bulk, connections, datagrams };

process.on('message', async (load: L4Load) => process.send?.(await loads[load.kind](load)));
process.once('disconnect', () => process.exit(0));
process.send?.('ready');
