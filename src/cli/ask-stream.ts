import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { messageOf, SmartProxyError } from '../errors.ts';
import { adminPlace, askPod, timeoutMs, unreachable } from './ask-pod.ts';

/** Longer lines are no answer of ours. */
const maxLineLength = 1024 ** 2;

/** How a page that goes on is read. */
export interface StreamOptions {
  /** Gets each line, parsed. */
  readonly onLine: (line: unknown) => void;
  /** How long the page goes on. */
  readonly lastsMs: number;
  /** How long it may take to begin, and to end when it should be over. @default that of `askPod` */
  readonly patienceMs?: number;
  /** Ends it sooner, as if it were over. */
  readonly signal?: AbortSignal | undefined;
}

/** Reads a page that goes on, line by line, until it is over. Throws as `askPod` does, also when it breaks off or does not end. */
export async function askStream(admin: string, path: string, options: StreamOptions): Promise<void> {
  const { onLine, lastsMs, patienceMs = timeoutMs, signal } = options;
  const answer = await opened(admin, path, patienceMs);
  // What is refused is said as by any other page.
  if (answer.statusCode !== 200 || answer.headers['content-type'] !== 'application/x-ndjson') {
    answer.destroy();
    await askPod(admin, path);
    throw unreachable(admin, 'it is of another version than this command');
  }
  const timer = setTimeout(() => answer.destroy(new Error('it goes on for longer than it was asked to')), lastsMs + patienceMs);
  // With an error: readline waits for the end of an input that is destroyed without one.
  const leave = (): void => void answer.destroy(new Error('nobody reads it any more'));
  signal?.addEventListener('abort', leave);
  try {
    for await (const line of createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.length > maxLineLength) throw new SmartProxyError('ADMIN_UNREACHABLE', 'Cannot read the answer: a line is too long');
      onLine(JSON.parse(line));
    }
  } catch (error) {
    if (signal?.aborted === true) return;
    throw error instanceof SmartProxyError ? error : unreachable(admin, `it broke off: ${messageOf(error)}`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', leave);
    answer.destroy();
  }
  if (!answer.complete && signal?.aborted !== true) throw unreachable(admin, 'it broke off');
}

function opened(admin: string, path: string, patienceMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asking = request({ ...adminPlace(admin), path, headers: { host: admin }, agent: false });
    const timer = setTimeout(() => asking.destroy(new Error(`no answer within ${patienceMs / 1000} s`)), patienceMs);
    asking.once('error', (error) => {
      clearTimeout(timer);
      reject(unreachable(admin, messageOf(error)));
    });
    asking.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    asking.end();
  });
}
