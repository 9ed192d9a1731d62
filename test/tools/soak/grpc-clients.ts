import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import { errorTable } from '../../../src/networkproxy/error-table.ts';
import type { ClientBooks } from './client-books.ts';
import { firstEvent } from './first-event.ts';
import { GrpcReader, grpcMessage } from './grpc-messages.ts';
import { openSession, requestOn } from './http2-clients.ts';
import { bytesOf, type Piece, payloadBytes } from './payload.ts';
import type { SoakRun } from './soak-run.ts';
import { stampNames } from './stamps.ts';
import { judgeOwn, type Sent, servedBy } from './verdict.ts';
import type { SoakCell } from './world.ts';

/** Copies of each message in the answer; `Collect`: of the last alone. */
const copies = { Unary: 1, Chat: 1, Expand: 3, Collect: 1 } as const;
type Method = keyof typeof copies;

/** gRPC calls of all four kinds on shared connections. */
export async function grpcClient(run: SoakRun, calls: number): Promise<void> {
  const { random, gate, world } = run;
  while (!gate.stopped) {
    const cell = random.one(world.cellsOf('grpc'));
    const { session } = openSession(run, cell.host);
    let left = random.between(20, 300);
    const lanes = Array.from({ length: calls }, async () => {
      while (left-- > 0 && !session.closed && (await gate.enter())) {
        if (!session.closed) await call(run, session, cell, random.one(Object.keys(copies)) as Method);
        gate.leave();
      }
    });
    await Promise.all(lanes);
    session.close();
    await firstEvent(session, 'close');
  }
}

async function call(run: SoakRun, session: ClientHttp2Session, cell: SoakCell, method: Method): Promise<void> {
  const { random, requests } = run;
  const made = requests.make({ client: `grpc-${method}`, cell, secure: true, method: 'POST', maxBytes: 0 });
  const sent: Sent = { ...made, target: `${cell.path}/soak.Echo/${method}`, status: 200 };
  const stream = requestOn(session, sent, { 'content-type': 'application/grpc', te: 'trailers' });
  if (stream === undefined) return;
  const length = method === 'Unary' ? 1 : random.between(1, 12);
  const messages = Array.from({ length }, (): Piece => ({ offset: random.between(0, payloadBytes - 1), bytes: random.between(0, 20_000) }));
  const answer = receive(stream);
  for (const message of messages) {
    if (!stream.writable) break;
    if (!stream.write(grpcMessage(bytesOf(message)))) await firstEvent(stream, 'drain');
  }
  stream.end();
  count(run.books, sent, await answer, messages, method);
}

/** Judges one call and counts it as the program has to. */
function count(books: ClientBooks, sent: Sent, answer: CallAnswer, messages: readonly Piece[], method: Method): void {
  const { headers, trailers } = answer;
  const status = String(headers['grpc-status'] ?? trailers['grpc-status'] ?? '');
  if (status !== '') books.countGrpc(status);
  if (headers[stampNames.backend] === undefined) {
    const verdict = judgeOwn(sent, { ...answer, bodyBytes: 0, bodyProblem: undefined, text: '' });
    if (verdict.kind === 'expected') {
      books.countStatus(errorTable[verdict.flag].status);
      books.countFlag(verdict.flag);
      return;
    }
  }
  books.countStatus(answer.status);
  const service = servedBy(sent, String(headers[stampNames.backend]), answer.endMs);
  if (!answer.whole && service?.killed.during(sent.startMs, answer.endMs).includes(true)) {
    books.countFlag('upstream_truncated');
    return;
  }
  const problem = service === undefined ? 'served by nobody who may' : problemOf(sent, messages, method, answer);
  if (problem === undefined) {
    books.countRight(sent.client);
    return;
  }
  const said = `${sent.cell.host.name}${sent.target} with ${messages.length} messages: ${JSON.stringify({ headers, trailers })}`;
  books.fail(`${sent.client}: ${problem}: ${said} ${answer.error}`);
}

interface CallAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly messages: readonly Buffer[];
  readonly whole: boolean;
  readonly error: string;
  readonly endMs: number;
}

async function receive(stream: ClientHttp2Stream): Promise<CallAnswer> {
  const reader = new GrpcReader();
  const messages: Buffer[] = [];
  let headers: Readonly<Record<string, unknown>> = {};
  let trailers = {};
  stream.once('response', (fields) => {
    headers = fields;
  });
  stream.once('trailers', (fields) => {
    trailers = fields;
  });
  stream.on('data', (chunk: Buffer) => messages.push(...reader.read(chunk)));
  await new Promise<void>((resolve) => stream.once('close', () => resolve()));
  const whole = reader.isWhole && stream.rstCode === constants.NGHTTP2_NO_ERROR;
  const error = `reset with ${stream.rstCode}`;
  return { status: Number(headers[':status'] ?? 0), headers, trailers, messages, whole, error, endMs: performance.now() };
}

/** What is wrong with a backend's answer. */
function problemOf(
  sent: Sent,
  sentMessages: readonly Piece[],
  method: Method,
  { headers, trailers, messages, whole }: CallAnswer,
): string | undefined {
  const answered = method === 'Collect' ? sentMessages.slice(-1) : sentMessages;
  const due = answered.flatMap((piece) => Array<Buffer>(copies[method]).fill(bytesOf(piece)));
  const saw = `POST ${sent.cell.host.name} ${sent.target}`;
  if (headers[stampNames.ask] !== sent.ask) return 'the answer to another call';
  if (headers[stampNames.saw] !== saw) return `the backend was asked ${headers[stampNames.saw]}`;
  if (!whole) return 'the answer broke off';
  if (trailers['grpc-status'] !== '0' || trailers['grpc-message'] !== String(sentMessages.length)) return 'wrong trailers';
  const same = messages.length === due.length && messages.every((message, index) => message.equals(due[index] as Buffer));
  return same ? undefined : `other messages came back: ${messages.length} in place of ${due.length}`;
}
