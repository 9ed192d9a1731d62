import { createServer, request as httpRequest, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Config } from '../../src/config/config.ts';
import type { Listener } from '../../src/routes/route-table.ts';
import { WorkerSupervisor, type WorkerSupervisorOptions } from '../../src/workers/worker-supervisor.ts';
import { httpListener, tinyConfig } from './tiny-table.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Supervised {
  readonly supervisor: WorkerSupervisor;
  /** The port of the first listener. */
  readonly port: number;
  readonly log: readonly LogLine[];
}

export interface SupervisedOptions extends Partial<Pick<WorkerSupervisorOptions, 'backOff' | 'heartbeat' | 'entry' | 'now'>> {
  readonly config?: Partial<Config>;
  readonly listeners?: readonly Listener[];
}

/** A supervisor with real worker processes, closed after the test. */
export async function supervisedWorkers(context: TestContext, options: SupervisedOptions = {}): Promise<Supervised> {
  const { config, listeners = [httpListener()], ...rest } = options;
  const lines: LogLine[] = [];
  const write = (level: LogLine['level']) => (fields: object, message: string) =>
    lines.push({ level, message, fields: fields as LogLine['fields'] });
  const supervisor = new WorkerSupervisor({
    config: tinyConfig({ workers: 2, ...config }),
    listeners,
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    ...rest,
  });
  context.after(() => supervisor.close());
  const [first] = await supervisor.start();
  return { supervisor, port: first?.port ?? 0, log: lines };
}

/** A backend that answers with its `name`; requests to `/hold` stay open until `release()`. */
export async function testBackend(
  context: TestContext,
  name: string,
): Promise<{ port: number; held: () => number; release: () => void; close: () => Promise<void> }> {
  const held = new Set<() => void>();
  const server: Server = createServer((request, response) => {
    const answer = () => response.end(name);
    if (request.url === '/hold') held.add(answer);
    else answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  context.after(close);
  return {
    port: (server.address() as AddressInfo).port,
    close,
    held: () => held.size,
    release: () => {
      for (const answer of held) answer();
      held.clear();
    },
  };
}

/** The body and status of one request on a connection of its own. */
export function get(port: number, path = '/', address = '127.0.0.1'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: address, port, path, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end();
  });
}

/** An open keep-alive connection that has had one answer; `ended` resolves with the error code, or 'end'. */
export async function idleConnection(port: number): Promise<{ socket: Socket; ended: Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  const ended = new Promise<string>((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.once('close', () => resolve('end'));
  });
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await new Promise<void>((resolve, reject) => {
    socket.once('data', () => resolve());
    socket.once('close', () => reject(new Error('the connection ended before its first answer')));
  });
  return { socket, ended };
}
