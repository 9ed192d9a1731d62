import { hasShapeOf, versionOf } from './page-shape.ts';

/** What came of asking the program for a page. */
export type PageAnswer =
  | ProgramAnswer
  /** The program writes the page otherwise than this UI reads it. Of the status: which version it is. */
  | { readonly kind: 'unlike'; readonly version: string | undefined };

/** What came of asking the program for something. */
export type ProgramAnswer =
  | { readonly kind: 'data'; readonly data: unknown }
  /** There is no such page: the program is of another version than this UI. */
  | { readonly kind: 'missing' }
  /** The program answers, but not this: with why. */
  | { readonly kind: 'refused'; readonly status: number; readonly why: string }
  /** No program answers, or something else does. */
  | { readonly kind: 'lost'; readonly why: string };

const timeoutMs = 10_000;
const somethingElse: ProgramAnswer = { kind: 'lost', why: 'what answers at this port is not smartproxy-ingress' };

/** Asks for a page. @param path from the root, perhaps with a query: `/debug/status` */
export async function askPage(path: string): Promise<PageAnswer> {
  const answer = await askProgram(path);
  if (answer.kind !== 'data' || hasShapeOf(path, answer.data)) return answer;
  const version = versionOf(answer.data);
  return path === '/debug/status' && version === undefined ? somethingElse : { kind: 'unlike', version };
}

/** Asks for a page of any shape, or for a change with another method. @param path from the root: `/debug/status` */
export async function askProgram(path: string, init: RequestInit = {}): Promise<ProgramAnswer> {
  try {
    // Relative, so that it works wherever the page itself was found.
    const response = await fetch(`.${path}`, { cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(timeoutMs), ...init });
    return await programAnswer(response);
  } catch (error) {
    const isTimeout = error instanceof DOMException && error.name === 'TimeoutError';
    return { kind: 'lost', why: isTimeout ? `no answer within ${timeoutMs / 1000} s` : 'nothing answers at this port' };
  }
}

/** What an answer of JSON says. */
export async function programAnswer(response: Response): Promise<ProgramAnswer> {
  const data = await readJson(response);
  if (data === notJson) return somethingElse;
  if (response.ok) return { kind: 'data', data };
  if (isUnknownPage(response.status, data)) return { kind: 'missing' };
  const why = errorOf(data);
  return why === undefined ? somethingElse : { kind: 'refused', status: response.status, why };
}

const notJson = Symbol('not JSON');

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return notJson;
  }
}

/** 404 is also what a change that means nothing gets. */
function isUnknownPage(status: number, data: unknown): boolean {
  return status === 404 && typeof data === 'object' && data !== null && 'pages' in data;
}

function errorOf(data: unknown): string | undefined {
  const error = typeof data === 'object' && data !== null && 'error' in data ? data.error : undefined;
  return typeof error === 'string' ? error : undefined;
}
