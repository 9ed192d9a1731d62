import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { ingress, ingressClass, service } from '../../tools/manifests.ts';
import { Program } from '../../tools/program.ts';
import { assertBooks, stateOf, untilAtRest } from '../../tools/program-books.ts';
import { closed, dial } from '../../tools/smartproxy/backend.ts';

const host = 'shop.example.com';

/** The answer to the request of `path`, whose body names it. */
const answers: Readonly<Record<string, (path: string) => string>> = {
  'with a length': (path) => `HTTP/1.1 200 OK\r\nContent-Length: ${path.length + 12}\r\nX-For: ${path}\r\n\r\nanswer for ${path}.`,
  chunked: (path) =>
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-For: ${path}\r\n\r\nb\r\nanswer for \r\n${(path.length + 1).toString(16)}\r\n${path}.\r\n0\r\nX-Sum: 1\r\n\r\n`,
  'ended by the connection': (path) => `HTTP/1.1 200 OK\r\nX-For: ${path}\r\n\r\nanswer for ${path}.`,
};

/**
 * A backend that reads its orders from the path `/FRAMING/CUT/HOW/NUMBER`: it sends CUT bytes of the answer, then ends the connection
 * with FIN or RST. On a connection that has already answered one request when NUMBER is odd, so that it comes out of the pool.
 */
class CuttingBackend {
  readonly server: Server;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
      socket.on('data', (data) => this.#answer(socket, / (\S+) HTTP/.exec(String(data))?.[1] ?? ''));
    });
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  close(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #answer(socket: Socket, path: string): void {
    const [, framing = '', cut = '', how = ''] = decodeURIComponent(path).split('/');
    const whole = answers[framing]?.(path) ?? 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwarm';
    if (framing === 'warm') {
      socket.write(whole);
      return;
    }
    const part = whole.slice(0, Number(cut));
    const leave = (): unknown => (how === 'FIN' ? socket.end() : socket.resetAndDestroy());
    if (part === '') leave();
    else socket.write(part, 'latin1', leave);
  }
}

/** All that a client gets on a connection of its own until its end, and whether that end was a reset. */
async function ask(port: number, path: string): Promise<{ readonly text: string; readonly isReset: boolean }> {
  const socket = await dial(port);
  let text = '';
  let isReset = false;
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {
    isReset = true;
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  await closed(socket);
  return { text, isReset };
}

/** The body when the answer is whole by its own framing; undefined when a client can tell that something is missing. */
function wholeBody({ text, isReset }: Awaited<ReturnType<typeof ask>>): string | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1 || isReset) return undefined;
  const [head, body] = [text.slice(0, end).toLowerCase(), text.slice(end + 4)];
  const length = /content-length: (\d+)/.exec(head)?.[1];
  if (length !== undefined) return body.length === Number(length) ? body : undefined;
  if (!head.includes('transfer-encoding: chunked')) return body;
  let content = '';
  for (let at = 0; ; ) {
    const line = body.indexOf('\r\n', at);
    if (line === -1) return undefined;
    const size = Number.parseInt(body.slice(at, line), 16);
    if (size === 0) return body.endsWith('\r\n\r\n') ? content : undefined;
    if (body.length < line + 4 + size) return undefined;
    content += body.slice(line + 2, line + 2 + size);
    at = line + 4 + size;
  }
}

for (const transport of ['handoff', 'loopback']) {
  for (const [framing, answer] of Object.entries(answers)) {
    test(`a backend that leaves at any byte of an answer ${framing}: 502 or visibly broken, never whole, never another's (${transport})`, async (t) => {
      const backend = new CuttingBackend();
      await new Promise<void>((resolve) => backend.server.listen(0, '127.0.0.1', resolve));
      t.after(() => backend.close());
      const objects = ingressClass + service('s', backend.port) + ingress('one', { rules: { [host]: [['/', 'Prefix', 's']] } });
      await using program = await Program.start(objects, ['--network-proxy-transport', transport]);
      const before = stateOf(program);
      const counts = { refused: 0, broken: 0, whole: 0 };
      const length = answer(`/${encodeURIComponent(framing)}/000/RST/0000`).length;
      const cuts = Array.from({ length }, (_, cut) => ['FIN', 'RST'].map((how) => ({ cut, how }))).flat();
      const visit = async ({ cut, how }: (typeof cuts)[number], nth: number): Promise<void> => {
        const path = `/${encodeURIComponent(framing)}/${String(cut).padStart(3, '0')}/${how}/${String(nth).padStart(4, '0')}`;
        const isPooled = nth % 4 < 2;
        if (isPooled) assert.equal(wholeBody(await ask(program.httpPort, '/warm')), 'warm');
        const got = await ask(program.httpPort, path);
        const body = wholeBody(got);
        const what = `cut at ${cut} of ${length} by ${how}: ${JSON.stringify(got)}`;
        for (const other of got.text.matchAll(/\/(?:FIN|RST)\/(\d{4})/g)) assert.equal(Number(other[1]), nth, `another's bytes, ${what}`);
        if (body === undefined) {
          counts.broken++;
          assert.ok(got.isReset || /^HTTP\/1\.1 200 /.test(got.text), what);
        } else if (got.text.startsWith('HTTP/1.1 502 ')) {
          counts.refused++;
        } else {
          // Only where the end of the connection is the end of the answer, a FIN can't be told from it.
          counts.whole++;
          const headLength = answer(path).indexOf('\r\n\r\n') + 4;
          assert.ok(framing === 'ended by the connection' && how === 'FIN' && cut >= headLength, what);
        }
      };
      for (let first = 0; first < cuts.length; first += 8) {
        await Promise.all(cuts.slice(first, first + 8).map((cut, index) => visit(cut, first + index)));
        assertBooks(program);
      }
      assert.ok(counts.refused > 0 && counts.broken > 0, JSON.stringify(counts));
      await program.replace(ingressClass);
      await untilAtRest(program, before);
    });
  }
}
