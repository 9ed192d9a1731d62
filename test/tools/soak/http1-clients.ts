import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { firstEvent } from './first-event.ts';
import { bytesOf, PayloadCheck } from './payload.ts';
import type { SoakRun } from './soak-run.ts';
import { stampNames } from './stamps.ts';
import type { Received, Sent } from './verdict.ts';
import type { SoakHost } from './world.ts';

const methods = ['GET', 'GET', 'GET', 'POST', 'PUT', 'HEAD'] as const;

/** Keeps one connection; each is made by the soak, so that it is counted. */
class OneSocketAgent extends Agent {
  readonly #dial: () => Socket;

  constructor(dial: () => Socket) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#dial = dial;
  }

  override createConnection(): Socket {
    return this.#dial();
  }
}

/** How one HTTP/1.1 client behaves. */
export interface Http1Habits {
  readonly client: string;
  readonly secure: boolean;
  /** Requests on one connection, at most. */
  readonly requestsEach: number;
  /** Offer the TLS session of an earlier connection. */
  readonly resumes?: boolean;
  /** Pause between reads, for slow readers. */
  readonly readPauseMs?: number;
  readonly maxBytes: number;
}

/** Sends one request after the other until the soak stops, on connections of a random number of requests. */
export async function http1Client(run: SoakRun, habits: Http1Habits): Promise<void> {
  const { random, gate } = run;
  while (!gate.stopped) {
    const host = random.one(run.world.hosts);
    const agent = new OneSocketAgent(() =>
      habits.secure ? run.sockets.secure(host, 'http/1.1', habits.resumes === true && random.chance(0.5)) : run.sockets.plain(),
    );
    for (let left = random.between(1, habits.requestsEach); left > 0 && (await gate.enter()); left--) {
      await askOnce(run, habits, agent, host);
      gate.leave();
    }
    agent.destroy();
  }
}

async function askOnce(
  run: SoakRun,
  { client, secure, maxBytes, readPauseMs = 0 }: Http1Habits,
  agent: Agent,
  host: SoakHost,
): Promise<void> {
  const { random } = run;
  // Over TLS a client stays with the host that its connection is for.
  const cells = run.world.cellsOf('moving', 'limited', 'steady').filter((each) => !secure || each.host === host);
  const sent = run.requests.make({ client, cell: random.one(cells), secure, method: random.one(methods), maxBytes });
  const request = httpRequest({
    agent,
    method: sent.method,
    path: sent.target,
    headers: {
      host: sent.cell.host.name,
      [stampNames.ask]: sent.ask,
      ...(sent.upload.bytes > 0 && !isChunked(sent) ? { 'content-length': String(sent.upload.bytes) } : {}),
    },
  });
  const answer = receive(request, sent, readPauseMs);
  await upload(request, sent);
  run.books.answered(sent, await answer);
}

/** Where the limit changes, a length is declared: a refusal then comes before the body. */
function isChunked({ upload, cell }: Sent): boolean {
  return upload.bytes % 3 === 0 && cell.kind !== 'limited';
}

async function upload(request: ClientRequest, { upload }: Sent): Promise<void> {
  const body = bytesOf(upload);
  const part = 16_384;
  for (let at = 0; at + part < body.length && !request.destroyed; at += part) {
    if (!request.write(body.subarray(at, at + part))) await firstEvent(request, 'drain');
  }
  request.end(body.subarray(body.length - (body.length % part === 0 ? Math.min(part, body.length) : body.length % part)));
}

function receive(request: ClientRequest, { answer }: Sent, readPauseMs: number): Promise<Received> {
  const { promise, resolve } = Promise.withResolvers<Received>();
  const check = new PayloadCheck(answer.offset);
  let response: IncomingMessage | undefined;
  let text = '';
  let error: string | undefined;
  const done = (whole: boolean): void =>
    resolve({
      status: response?.statusCode ?? 0,
      headers: response?.headers ?? {},
      bodyBytes: check.received,
      bodyProblem: check.problem,
      text,
      whole,
      error,
      endMs: performance.now(),
    });
  request.on('error', (failure: NodeJS.ErrnoException) => {
    error = failure.code ?? failure.message;
    if (response === undefined) done(false);
  });
  request.once('response', (incoming) => {
    response = incoming;
    incoming.on('data', (chunk: Buffer) => {
      if (text.length < 200) text += chunk.toString('latin1', 0, 200);
      check.feed(chunk);
      if (readPauseMs === 0) return;
      incoming.pause();
      void delay(readPauseMs).then(() => incoming.resume());
    });
    incoming.on('error', (failure: NodeJS.ErrnoException) => {
      error ??= failure.code ?? failure.message;
    });
    incoming.once('close', () => done(incoming.complete));
  });
  return promise;
}
