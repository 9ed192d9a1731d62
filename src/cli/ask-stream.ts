import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { messageOf, SmartProxyError } from '../errors.ts';
import { adminPlace, askPod, unreachable } from './ask-pod.ts';

/** Longer lines are no answer of ours. */
const maxLineLength = 1024 ** 2;

/**
 * Reads a page that goes on, line by line, until it is over. Throws as `askPod` does, also when it breaks off.
 * @param onLine gets each line, parsed
 */
export async function askStream(admin: string, path: string, onLine: (line: unknown) => void): Promise<void> {
  const answer = await opened(admin, path);
  // What is refused is said as by any other page.
  if (answer.statusCode !== 200 || answer.headers['content-type'] !== 'application/x-ndjson') {
    answer.destroy();
    await askPod(admin, path);
    throw unreachable(admin, 'it is of another version than this command');
  }
  try {
    for await (const line of createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.length > maxLineLength) throw new SmartProxyError('ADMIN_UNREACHABLE', 'Cannot read the answer: a line is too long');
      onLine(JSON.parse(line));
    }
  } catch (error) {
    throw error instanceof SmartProxyError ? error : unreachable(admin, `it broke off: ${messageOf(error)}`);
  } finally {
    answer.destroy();
  }
  if (!answer.complete) throw unreachable(admin, 'it broke off');
}

function opened(admin: string, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asking = request({ ...adminPlace(admin), path, headers: { host: admin }, agent: false });
    asking.once('error', (error) => reject(unreachable(admin, messageOf(error))));
    asking.once('response', resolve);
    asking.end();
  });
}
