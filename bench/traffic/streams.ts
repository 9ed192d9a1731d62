import { runClient } from '../load-client.ts';
import { h2load } from '../load-h2load.ts';
import { streamMessageBytes, streamMessages, unaryMessageBytes } from '../peers/backend.ts';
import { grpcPath, type Peer } from '../peers/peer.ts';
import { busyConnections, type LoadFiles, type TrafficCase, tlsUrl } from './traffic-case.ts';

const grpcHeaders = ['content-type: application/grpc', 'te: trailers'];
const connections = 4;
const streams = 16;

/** Calls of a method that answers each with `answerBytes`. */
function calls(peer: Peer, { messageFile }: LoadFiles, method: string, answerBytes: number): (seconds: number) => Promise<number> {
  const common = { url: tlsUrl(peer, `${grpcPath}${method}`), headers: grpcHeaders, bodyFile: messageFile, answerBytes };
  return (seconds) => h2load({ ...common, seconds, connections, streams });
}

/** Message by message: WebSocket, and gRPC from HTTP/2 over TLS to h2c. */
export const streamCases: readonly TrafficCase[] = [
  {
    name: 'websocket-echo',
    unit: 'message',
    mode: 'base',
    judge: 'nginx',
    twoThirds: true,
    loadFor:
      ({ httpPort }) =>
      (seconds) =>
        runClient('websocket', { port: httpPort, seconds, connections: busyConnections }),
  },
  {
    name: 'grpc-unary',
    unit: 'call',
    mode: 'base',
    judge: 'nginx',
    twoThirds: true,
    loadFor: (peer, files) => calls(peer, files, 'Unary', unaryMessageBytes),
  },
  {
    name: 'grpc-server-streaming',
    unit: 'message',
    mode: 'base',
    judge: 'nginx',
    twoThirds: true,
    loadFor: (peer, files) => {
      const load = calls(peer, files, 'Stream', streamMessages * streamMessageBytes);
      return async (seconds) => (await load(seconds)) * streamMessages;
    },
  },
  {
    name: 'grpc-bidi-streaming',
    unit: 'message',
    mode: 'base',
    judge: 'nginx',
    twoThirds: true,
    loadFor:
      ({ httpsPort }) =>
      (seconds) =>
        runClient('grpc', { port: httpsPort, seconds, connections: busyConnections }),
  },
];
