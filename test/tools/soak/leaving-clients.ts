import type { EventEmitter } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { constants } from 'node:http2';
import { firstEvent } from './first-event.ts';
import { openSession, requestOn } from './http2-clients.ts';
import { nothing, PayloadCheck, type Piece, payloadBytes } from './payload.ts';
import type { SoakRun } from './soak-run.ts';
import { stampNames } from './stamps.ts';
import { type Sent, servedBy } from './verdict.ts';

type Fields = Readonly<Record<string, unknown>>;
type Leaving = 'hold' | 'endless';

/** Asks for something that never ends and leaves: before the answer (`hold`), or in the middle of it (`endless`). */
function sentFor(run: SoakRun, client: string, operation: Leaving, secure: boolean): Sent {
  const { random, world, requests } = run;
  const cell = random.one(world.cellsOf('steady'));
  const made = requests.make({ client: `${client}-${operation}`, cell, secure, method: 'GET', maxBytes: 0 });
  const answer: Piece = { offset: random.between(0, payloadBytes - 1), bytes: 0 };
  return { ...made, target: `${cell.path}/${operation}?offset=${answer.offset}`, upload: nothing, status: 200, answer };
}

/** HTTP/1.1 clients that abort by a reset. */
export async function abortingClient(run: SoakRun): Promise<void> {
  const { gate, random, sockets } = run;
  while (await gate.enter()) {
    const operation = random.one<Leaving>(['hold', 'endless']);
    const sent = sentFor(run, 'http1-abort', operation, false);
    const socket = sockets.plain();
    const headers = { host: sent.cell.host.name, [stampNames.ask]: sent.ask };
    const request = httpRequest({ createConnection: () => socket, path: sent.target, headers });
    request.on('error', () => {});
    request.end();
    if (operation === 'hold') {
      const [hint] = (await firstEvent(request, 'information')) ?? [];
      checkHint(run, sent, (hint as IncomingMessage | undefined)?.statusCode);
    } else {
      const [response] = ((await firstEvent(request, 'response')) ?? []) as readonly (IncomingMessage | undefined)[];
      response?.on('error', () => {});
      await readSome(run, sent, response, response?.headers ?? {});
    }
    socket.resetAndDestroy();
    gate.leave();
  }
}

/** HTTP/2 clients that cancel streams and go on with the connection. */
export async function cancellingClient(run: SoakRun): Promise<void> {
  const { gate, random } = run;
  while (!gate.stopped) {
    const host = random.one(run.world.hosts);
    const { session } = openSession(run, host);
    for (let left = random.between(1, 40); left > 0 && (await gate.enter()); left--) {
      const operation = random.one<Leaving>(['hold', 'endless']);
      const asked = sentFor(run, 'http2-cancel', operation, true);
      const cell = run.world.cellsOf('steady').find((each) => each.host === host) ?? asked.cell;
      const sent = { ...asked, cell, target: asked.target.replace(asked.cell.path, cell.path) };
      const stream = requestOn(session, sent, {});
      if (stream === undefined) {
        gate.leave();
        break;
      }
      if (operation === 'hold') {
        const [hint] = (await firstEvent(stream, 'headers')) ?? [];
        checkHint(run, sent, (hint as Fields | undefined)?.[':status']);
      } else {
        const [fields] = (await firstEvent(stream, 'response')) ?? [];
        await readSome(run, sent, fields === undefined ? undefined : stream, (fields as Fields | undefined) ?? {});
      }
      stream.close(constants.NGHTTP2_CANCEL);
      await firstEvent(stream, 'close');
      gate.leave();
    }
    session.close();
    await firstEvent(session, 'close');
  }
}

/** The backend has the request when its 103 comes. */
function checkHint({ books }: SoakRun, sent: Sent, status: unknown): void {
  if (status !== 103) books.fail(`${sent.client}: ${sent.target} was to be held and got ${status}`);
  books.countStatus(0);
  books.countFlag('client_gone');
  books.countRight(sent.client);
}

async function readSome({ books, random }: SoakRun, sent: Sent, body: EventEmitter | undefined, headers: Fields): Promise<void> {
  const backend = String(headers[stampNames.backend]);
  const check = new PayloadCheck(sent.answer.offset);
  const enough = random.between(1, 30_000);
  let isOpen = body !== undefined;
  body?.on('data', (chunk: Buffer) => check.feed(chunk));
  while (body !== undefined && isOpen && check.received < enough) isOpen = (await firstEvent(body, 'data')) !== undefined;
  const why = !isOpen
    ? 'the answer broke off'
    : (check.problem ?? (servedBy(sent, backend, performance.now()) ? undefined : `served by ${backend}`));
  if (why !== undefined) books.fail(`${sent.client}: ${sent.cell.host.name}${sent.target}: ${why} after ${check.received} bytes`);
  books.countStatus(200);
  books.countFlag('client_gone');
  books.countRight(sent.client);
}
