import { request } from 'node:http';
import { invalid, text } from '../config/value-types.ts';
import { messageOf, SmartProxyError } from '../errors.ts';
import { readAnswer } from '../read-answer.ts';
import type { CommandArguments, CommandOption } from './command-options.ts';

const adminText = text(
  'ADDRESS:PORT',
  'a loopback address and a port such as 127.0.0.1:10255',
  /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost):\d{1,5}$/,
);

/** Where the admin port of a running program is reached. */
export const adminOption: CommandOption<string> = {
  flag: 'admin',
  value: {
    ...adminText,
    parse(texts) {
      const given = adminText.parse(texts);
      return given === invalid || !isPort(adminPlace(given).port) ? invalid : given;
    },
  },
  default: '127.0.0.1:10255',
  defaultText: '127.0.0.1:10255',
  doc: 'Admin port of the running program to ask, on this machine: kubectl port-forward brings that of a pod here.',
};

/** As long an answer may take to begin and, unless it goes on by itself, to end. */
export const timeoutMs = 15_000;
const maxBytes = 256 * 1024 ** 2;

/**
 * Asks a debug page of a running program. Throws ADMIN_UNREACHABLE when none answers or something else does, CONFIG_INVALID when it says that
 * the question is wrong.
 */
export async function askPod(admin: string, path: string): Promise<unknown> {
  const { status, body } = await sent(admin, 'GET', path);
  const data = parse(admin, body);
  if (status === 200) return data;
  throw refusal(admin, status, data);
}

/** As `askPod`, for a page of which these fields are lists. */
export async function askReport<Report>(admin: string, path: string, ...lists: readonly (keyof Report & string)[]): Promise<Report> {
  const data = await askPod(admin, path);
  const fields = typeof data === 'object' && data !== null ? (data as Readonly<Record<string, unknown>>) : {};
  if (lists.every((name) => Array.isArray(fields[name]))) return data as Report;
  throw otherVersion(admin);
}

/** As `askPod`, for a page that is a list. */
export async function askList<Item>(admin: string, path: string): Promise<readonly Item[]> {
  const data = await askPod(admin, path);
  if (Array.isArray(data)) return data as readonly Item[];
  throw otherVersion(admin);
}

/**
 * Changes something in a running program; resolves to how many things were changed. Throws as `askPod` does, and ADMIN_REFUSED where changes are
 * not allowed.
 * @param token the admin token; undefined: there is none to show
 */
export async function changePod(admin: string, method: 'PUT' | 'DELETE', path: string, token: string | undefined): Promise<number> {
  const { status, body } = await sent(admin, method, path, token === undefined ? {} : { authorization: `Bearer ${token}` });
  const data = parse(admin, body);
  if (status === 401 && token === undefined)
    throw new SmartProxyError(
      'ADMIN_REFUSED',
      'Cannot change anything: that takes the admin token of the program: --admin-token-file FILE',
    );
  if (status === 401 || status === 403) throw new SmartProxyError('ADMIN_REFUSED', `Cannot change anything: ${errorOf(data) ?? 'refused'}`);
  const changed = typeof data === 'object' && data !== null && 'changed' in data ? data.changed : undefined;
  if ((status === 200 || status === 404) && typeof changed === 'number') return changed;
  throw refusal(admin, status, data);
}

function refusal(admin: string, status: number, data: unknown): SmartProxyError {
  const said = errorOf(data);
  if (status === 400) return new SmartProxyError('CONFIG_INVALID', `Cannot answer: ${said ?? 'the program refuses the question'}`);
  if (status === 404)
    return unreachable(admin, 'the program there does not know the question: it is older than this command, or another one');
  return unreachable(admin, said ?? `it answers ${status}`);
}

function otherVersion(admin: string): SmartProxyError {
  return unreachable(admin, 'it is of another version than this command');
}

interface Answered {
  readonly status: number;
  readonly body: string;
}

function sent(admin: string, method: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const fail = (error: unknown): void =>
      reject(unreachable(admin, signal.aborted ? `no answer within ${timeoutMs / 1000} s` : messageOf(error)));
    const asking = request({ ...adminPlace(admin), method, path, headers: { host: admin, ...headers }, agent: false, signal });
    asking.once('error', fail);
    asking.once('response', (response) => {
      readAnswer(response, maxBytes).then((body) => resolve({ status: response.statusCode ?? 0, body }), fail);
    });
    asking.end();
  });
}

/** Whether something can listen there. */
export function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}

/** Throws CONFIG_INVALID where an admin port is named beside what is read without one. */
export function refuseAdminWith(given: CommandArguments, folder: CommandOption<string | undefined>): void {
  if (given.isGiven(adminOption) && given.read(folder) !== undefined)
    throw new SmartProxyError('CONFIG_INVALID', `Cannot use --admin with --${folder.flag}: no program is asked`);
}

/** Where a connection to `ADDRESS:PORT` goes. */
export function adminPlace(admin: string): { readonly host: string; readonly port: number } {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(admin) ?? [];
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
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

/** Nobody there can answer. */
export function unreachable(admin: string, why: string): SmartProxyError {
  const next = 'is it running, and is its admin port here? kubectl -n NAMESPACE port-forward deploy/smartproxy-ingress 10255';
  return new SmartProxyError('ADMIN_UNREACHABLE', `Cannot ask the program at ${admin}: ${why}; ${next}`);
}
