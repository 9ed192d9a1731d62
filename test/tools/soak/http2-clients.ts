import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { firstEvent } from './first-event.ts';
import { bytesOf, PayloadCheck } from './payload.ts';
import type { SoakRun } from './soak-run.ts';
import { stampNames } from './stamps.ts';
import type { Received, Sent } from './verdict.ts';
import type { SoakHost } from './world.ts';

/**
 * Pause between reads of some clients; never of those that the program asks to leave: after a GOAWAY, Node's client drops what came for a
 * paused stream as soon as the last answer is complete, also while the connection stays open.
 */
const slowReadMs = 15;
const methods = ['GET', 'GET', 'GET', 'POST', 'PUT', 'HEAD'] as const;

/** Opens an HTTP/2 connection over TLS whose socket is counted. */
export function openSession(run: SoakRun, host: SoakHost): { readonly session: ClientHttp2Session; readonly socket: Socket } {
  const socket = run.sockets.secure(host, 'h2');
  const session = connect(`https://${host.name}`, { createConnection: () => socket });
  session.on('error', () => {});
  return { session, socket };
}

/** Connections with many requests side by side, some of them more than the program allows on one connection. */
export async function http2Client(run: SoakRun, streams: number, maxBytes: number): Promise<void> {
  const { random, gate } = run;
  while (!gate.stopped) {
    const host = random.one(run.world.hosts);
    const { session } = openSession(run, host);
    const asksTooMuch = random.chance(0.2);
    let left = asksTooMuch ? 1200 : random.between(20, 400);
    const lanes = Array.from({ length: streams }, async () => {
      while (left-- > 0 && !session.closed && (await gate.enter())) {
        if (!session.closed) await askOnce(run, session, host, maxBytes, !asksTooMuch && random.chance(0.03) ? slowReadMs : 0);
        gate.leave();
      }
    });
    await Promise.all(lanes);
    session.close();
    await firstEvent(session, 'close');
  }
}

async function askOnce(run: SoakRun, session: ClientHttp2Session, host: SoakHost, maxBytes: number, readPauseMs: number): Promise<void> {
  const { random, world, requests, books } = run;
  const cell = random.one(world.cellsOf('moving', 'limited', 'steady').filter((each) => each.host === host));
  const sent = requests.make({ client: 'http2', cell, secure: true, method: random.one(methods), maxBytes });
  const stream = requestOn(session, sent, {});
  if (stream === undefined) return;
  const answer = receive(stream, sent, readPauseMs);
  await sendBody(stream, sent);
  const received = await answer;
  // A connection that was asked to end gives requests back that it never looked at.
  if (received.status === 0 && stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) return;
  if (received.status === 0 && session.closed && stream.id === undefined) return;
  books.answered(sent, received);
}

/** Undefined: the connection takes no more requests. */
export function requestOn(
  session: ClientHttp2Session,
  sent: Sent,
  fields: Readonly<Record<string, string>>,
): ClientHttp2Stream | undefined {
  if (session.closed || session.destroyed) return undefined;
  const length = sent.cell.kind === 'limited' && sent.upload.bytes > 0 ? { 'content-length': String(sent.upload.bytes) } : {};
  const stream = session.request({
    ':method': sent.method,
    ':authority': sent.cell.host.name,
    ':path': sent.target,
    [stampNames.ask]: sent.ask,
    ...length,
    ...fields,
  });
  stream.on('error', () => {});
  return stream;
}

async function sendBody(stream: ClientHttp2Stream, { upload, method }: Sent): Promise<void> {
  if (method === 'GET' || method === 'HEAD') return;
  const body = bytesOf(upload);
  for (let at = 0; at < body.length && stream.writable; at += 24_576) {
    if (!stream.write(body.subarray(at, at + 24_576))) await firstEvent(stream, 'drain');
  }
  stream.end();
}

/** The whole answer on a stream; with pauses for a client that reads slowly. */
export function receive(stream: ClientHttp2Stream, { answer }: Sent, readPauseMs: number): Promise<Received> {
  const { promise, resolve } = Promise.withResolvers<Received>();
  const check = new PayloadCheck(answer.offset);
  let headers: Readonly<Record<string, unknown>> = {};
  let text = '';
  let ended = false;
  stream.once('response', (fields) => {
    headers = fields;
  });
  stream.on('data', (chunk: Buffer) => {
    if (text.length < 200) text += chunk.toString('latin1', 0, 200);
    check.feed(chunk);
    if (readPauseMs === 0) return;
    stream.pause();
    void delay(readPauseMs).then(() => stream.resume());
  });
  stream.once('end', () => {
    ended = true;
  });
  stream.once('close', () =>
    resolve({
      status: Number(headers[':status'] ?? 0),
      headers,
      bodyBytes: check.received,
      bodyProblem: check.problem,
      text,
      whole: ended && stream.rstCode === constants.NGHTTP2_NO_ERROR,
      error: stateOf(stream),
      endMs: performance.now(),
    }),
  );
  return promise;
}

function stateOf(stream: ClientHttp2Stream): string {
  const { rstCode, id, session } = stream;
  return `stream ${id} reset with ${rstCode}, connection closed: ${session?.closed}, destroyed: ${session?.destroyed}`;
}
