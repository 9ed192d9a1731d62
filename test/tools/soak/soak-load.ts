import { grpcClient } from './grpc-clients.ts';
import { http1Client } from './http1-clients.ts';
import { http2Client } from './http2-clients.ts';
import { abortingClient, cancellingClient } from './leaving-clients.ts';
import { pipeliningClient } from './pipelining-client.ts';
import type { SoakRun } from './soak-run.ts';
import { webSocketClient } from './web-sockets.ts';

const large = 524_288;
const small = 16_384;

/** Starts every kind of client; resolves when the gate was stopped and all have left. */
export async function soakLoad(run: SoakRun): Promise<void> {
  const clients: Promise<void>[] = [];
  const start = (count: number, client: () => Promise<void>): void => {
    for (let nth = 0; nth < count; nth++) clients.push(client());
  };
  start(6, () => http1Client(run, { client: 'http1', secure: false, requestsEach: 1500, maxBytes: small }));
  start(2, () => http1Client(run, { client: 'http1-large', secure: false, requestsEach: 50, maxBytes: large }));
  start(2, () => http1Client(run, { client: 'http1-new', secure: false, requestsEach: 1, maxBytes: small }));
  start(2, () => http1Client(run, { client: 'http1-slow', secure: false, requestsEach: 20, maxBytes: large, readPauseMs: 15 }));
  start(3, () => http1Client(run, { client: 'https', secure: true, requestsEach: 200, maxBytes: small }));
  start(1, () => http1Client(run, { client: 'https-new', secure: true, requestsEach: 1, maxBytes: small, resumes: true }));
  start(2, () => pipeliningClient(run));
  start(2, () => http2Client(run, 16, small));
  start(1, () => http2Client(run, 6, large));
  start(2, () => abortingClient(run));
  start(1, () => cancellingClient(run));
  start(1, () => webSocketClient(run, 1));
  start(1, () => webSocketClient(run, 2));
  start(2, () => grpcClient(run, 6));
  await Promise.all(clients);
}
