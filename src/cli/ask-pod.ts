import { request } from 'node:http';
import { text } from '../config/value-types.ts';
import { messageOf, SmartProxyError } from '../errors.ts';
import { readAnswer } from '../read-answer.ts';
import type { CommandOption } from './command-options.ts';

/** Where the admin port of a running program is reached. */
export const adminOption: CommandOption<string> = {
  flag: 'admin',
  value: text(
    'ADDRESS:PORT',
    'a loopback address and a port such as 127.0.0.1:10255',
    /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost):\d{1,5}$/,
  ),
  default: '127.0.0.1:10255',
  defaultText: '127.0.0.1:10255',
  doc: 'Admin port of the running program to ask, on this machine: kubectl port-forward brings that of a pod here.',
};

const timeoutMs = 15_000;
const maxBytes = 256 * 1024 ** 2;

/**
 * Asks a debug page of a running program. Throws ADMIN_UNREACHABLE when none answers or something else does, CONFIG_INVALID when it says that
 * the question is wrong.
 */
export async function askPod(admin: string, path: string): Promise<unknown> {
  const { status, body } = await get(admin, path);
  const data = parse(admin, body);
  if (status === 200) return data;
  const said = errorOf(data);
  if (status === 400) throw new SmartProxyError('CONFIG_INVALID', `Cannot answer: ${said ?? 'the program refuses the question'}`);
  if (status === 404)
    throw unreachable(admin, 'the program there does not know the question: it is older than this command, or another one');
  throw unreachable(admin, said ?? `it answers ${status}`);
}

function get(admin: string, path: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(admin) ?? [];
    const signal = AbortSignal.timeout(timeoutMs);
    const fail = (error: unknown): void =>
      reject(unreachable(admin, signal.aborted ? `no answer within ${timeoutMs / 1000} s` : messageOf(error)));
    const asking = request({
      host: host.replace(/^\[|\]$/g, ''),
      port: Number(port),
      path,
      headers: { host: admin },
      agent: false,
      signal,
    });
    asking.once('error', fail);
    asking.once('response', (response) => {
      readAnswer(response, maxBytes).then((body) => resolve({ status: response.statusCode ?? 0, body }), fail);
    });
    asking.end();
  });
}

function parse(admin: string, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw unreachable(admin, 'what answers there is not this program');
  }
}

function errorOf(data: unknown): string | undefined {
  const error = typeof data === 'object' && data !== null && 'error' in data ? data.error : undefined;
  return typeof error === 'string' ? error.slice(0, 2000) : undefined;
}

function unreachable(admin: string, why: string): SmartProxyError {
  const next = 'is it running, and is its admin port here? kubectl -n NAMESPACE port-forward deploy/smartproxy-ingress 10255';
  return new SmartProxyError('ADMIN_UNREACHABLE', `Cannot ask the program at ${admin}: ${why}; ${next}`);
}
